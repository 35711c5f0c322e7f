"""How far a near-exact model is from its original, output by output, on the same real inputs.

The original is the user's own file, run by ``hwflow.oracle``; where only its imported form is at hand, that is run by
onnxruntime without optimisations, which compute another function of a file in QCDQ form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.onnx_import.session import session_of
from hwflow.onnx_import.states import port_names, read_states
from hwflow.oracle import Oracle, Undefined
from hwflow.verify.golden import typed

MOST, LEAST = 1000, 100  # inferences of the original
_WORK = 2_000_000_000  # operations of all of them together

Rows = list[list[np.ndarray]]


@dataclass(frozen=True, slots=True)
class NearExactReport:
    """Of the output ``name``: counts over ``samples`` inferences of ``outputs`` elements in all.

    An output element differs when its integer is not the original's value rounded to the output's grid;
    ``max_step_difference`` and ``mean_step_difference`` are in steps of that grid. ``top1_changes``: inferences whose
    largest element, the first of equals, is none of the original's largest, of which a quantised output often has
    several; None where an output has no classes, which are the elements of one axis.
    """

    name: str
    samples: int
    outputs: int
    differing_outputs: int
    differing_inferences: int
    max_step_difference: int
    mean_step_difference: float
    top1_changes: int | None

    @property
    def output_rate(self) -> float:
        """Differing elements per element."""
        return self.differing_outputs / self.outputs


@dataclass(frozen=True)
class Distance:
    """``reports`` by output, and real values of the first output (samples, elements) by the original and by golden."""

    reports: tuple[NearExactReport, ...]
    original: np.ndarray
    golden: np.ndarray


def measure(imported: ImportedModel, inputs: PortData, model: Path | None = None) -> NearExactReport:
    """The report of the first output; see ``distance``."""
    return distance(imported, inputs, model).reports[0]


def distance(
    imported: ImportedModel, inputs: PortData, model: Path | None = None, progress: Callable[[int], None] | None = None
) -> Distance:
    """Compare golden.onnx with the original on real inputs (count, *input shape without the batch axis), an array each.

    ``model``: the user's file. In exact mode, or when nothing had to be replaced, original and golden are one model.
    """
    arrays = per_port(inputs, [imported.graph.names.get(id, id) for id in imported.graph.inputs])
    golden = session_of(imported.golden)
    given, found = Rows(), Rows()
    for row in _rows(imported, model, arrays, progress):
        ports = [imported.ports.to_port(x, n) for n, x in enumerate(row.inputs)]
        found.append(_run(golden, ports))
        given.append(found[-1] if row.outputs is None else row.outputs)
    columns = zip(zip(*given, strict=True), zip(*found, strict=True), strict=True)
    pairs = [(_stacked(original), _stacked(ours)) for original, ours in columns]
    reports = tuple(_report(imported, index, *pair) for index, pair in enumerate(pairs))
    same = imported.original is None
    first, ours = pairs[0][0].reshape(len(found), -1), imported.ports.to_real(pairs[0][1]).reshape(len(found), -1)
    return Distance(reports, ours if same else first, ours)


@dataclass(frozen=True)
class _Row:
    inputs: tuple[np.ndarray, ...]
    outputs: list[np.ndarray] | None  # None: those of golden


def _rows(
    imported: ImportedModel, model: Path | None, arrays: Sequence[np.ndarray], progress: Callable[[int], None] | None
) -> list[_Row]:
    """Inputs and the original's outputs, as many as there is time for."""
    rows = list(zip(*arrays, strict=True))
    if imported.original is None:
        return [_Row(row, None) for row in rows]
    if model is None:
        session = session_of(imported.original, optimise=False)
        return [_Row(row, _run(session, row)) for row in rows]
    oracle, found = Oracle(model, tensors=()), list[_Row]()
    for row in rows:
        if len(found) >= max(LEAST, min(MOST, _WORK // max(oracle.work, 1))):
            break
        try:
            values = oracle.run({name: np.asarray(x) for name, x in zip(oracle.inputs, row, strict=True)})
        except Undefined:
            continue
        found.append(_Row(row, [values[name] for name in oracle.outputs]))
        if progress and not len(found) % 64:
            progress(len(found))
    return found


def _run(session: ort.InferenceSession, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of one inference, as the models are static."""
    ports = session.get_inputs()
    feeds = {p.name: typed(np.asarray(x), p.type).reshape(p.shape) for p, x in zip(ports, inputs, strict=True)}
    return [np.asarray(y) for y in session.run(None, feeds)]


def _stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([row.astype(np.float64) for row in rows])


def _report(imported: ImportedModel, index: int, original: np.ndarray, golden: np.ndarray) -> NearExactReport:
    """One output: real values of the original, (count, *shape), and those of golden in units of its port."""
    type, scale = imported.graph.tensors[imported.graph.outputs[index]].type, imported.ports.outputs[index]
    count = len(golden)
    if imported.original is None:
        original = golden * scale
    steps = np.abs(np.rint(original / scale / type.step) - np.rint(golden / type.step)).reshape(count, -1)
    steps = np.where(np.isfinite(steps), steps, type.hi - type.lo)  # the original has no number there
    return NearExactReport(
        name=port_names(imported.golden)[1][index],
        samples=count,
        outputs=steps.size,
        differing_outputs=int(np.count_nonzero(steps)),
        differing_inferences=int(np.count_nonzero(steps.any(axis=1))),
        max_step_difference=int(steps.max(initial=0)),
        mean_step_difference=float(steps.mean()),
        top1_changes=top1_changes(original, golden * scale)
        if _has_classes(imported, index, golden.shape[1:])
        else None,
    )


def _has_classes(imported: ImportedModel, index: int, shape: tuple[int, ...]) -> bool:
    """Whether an output is a vector of two elements and more, and no state of the next inference."""
    states = {state.output for state in read_states(imported.golden, imported.graph)}
    return index not in states and math.prod(shape) == max(shape, default=1) > 1


def top1_changes(original: np.ndarray, golden: np.ndarray) -> int:
    """Rows whose largest element in golden is none of the original's largest; what is not a number is never one."""
    original, golden = (y.reshape(len(y), -1) for y in (original, golden))
    chosen = np.take_along_axis(original, np.argmax(golden, axis=1, keepdims=True), axis=1)
    return int(np.count_nonzero(chosen[:, 0] != np.fmax.reduce(original, axis=1)))
