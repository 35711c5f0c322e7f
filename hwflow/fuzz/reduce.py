"""Shrinks a case to a small one that fails in the same way: delta debugging on the ONNX graph.

Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28 (2002), with the steps of
``hwflow.fuzz.shrink`` in place of chunks of text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from hwflow.errors import UserError
from hwflow.fuzz.case import Case, load_case, save_case
from hwflow.fuzz.faults import Fault, Rung
from hwflow.fuzz.shrink import STEPS, live
from hwflow.fuzz.worker import Climber

MAX_TRIALS = 3000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Reduced:
    """The small case, the ops of its nodes, and where it lies."""

    case: Case
    fault: Fault
    nodes: tuple[str, ...]
    folder: Path


def reduce_file(path: Path, top: Rung, say: Progress | None = None) -> Reduced:
    """Shrink the case of a folder or file; the result lies beside it. Raises UserError for one that does not fail."""
    case = load_case(path)
    fault = fault_of(case, top)
    if fault is None:
        raise UserError(str(path), "no fault up to rung " + top, "a case that fails", "Choose a higher rung.")
    small = reduce_case(case, fault, say)
    folder = path.with_name(f"{path.stem}-reduced")
    notes = {"rung": fault.rung, "kind": fault.kind, "message": fault.message}
    nodes = tuple(node.op_type for node in onnx.load_from_string(small.model).graph.node)
    return Reduced(small, fault, nodes, save_case(small, folder, **notes))


def fault_of(case: Case, top: Rung) -> Fault | None:
    """What goes wrong with a case up to rung ``top``."""
    with tempfile.TemporaryDirectory(prefix="hwflow-fuzz-") as folder:
        climber = Climber(Path(folder), top)
        climber.climb([lambda: case], [case.name], lambda _: None)
        found = climber.outcomes[case.name].fault
    return Fault(*found) if found else None


def reduce_case(case: Case, fault: Fault, say: Progress | None = None) -> Case:
    """The smallest case that some sequence of steps leads to."""
    trials = 0

    def fails(candidate: Case) -> bool:
        nonlocal trials
        trials += 1
        return trials <= MAX_TRIALS and fault.same_as(fault_of(candidate, fault.rung))

    progress = True
    while progress:
        progress = False
        for step in STEPS:
            for model in step(onnx.load_from_string(case.model)):
                candidate = _fitted(case, live(model))
                if candidate is not None and fails(candidate):
                    case, progress = candidate, True
                    if say:
                        count = len(onnx.load_from_string(case.model).graph.node)
                        say(f"{count} nodes after {trials} trials")
                    break
    return _fewer_inferences(case, fails)


def _fitted(case: Case, model: onnx.ModelProto) -> Case | None:
    """The candidate with data of its inputs, cut where they became smaller; None if it is the same as before."""
    data = model.SerializeToString(deterministic=True)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = dict[str, np.ndarray]()
    for value in model.graph.input:
        if value.name not in constants:
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
            inputs[value.name] = _data(case.inputs, value.name, shape)
    return case.with_model(data, inputs) if data != case.model and inputs else None


def _data(given: Mapping[str, np.ndarray], name: str, shape: list[int]) -> np.ndarray:
    """What there is, cut to the shape; for an input that a step put in, numbers of all signs and sizes."""
    if name in given and given[name].ndim == len(shape) + 1:
        cut = given[name][(slice(None), *(slice(n) for n in shape))]
        if list(cut.shape[1:]) == shape:
            return cut
    count = len(next(iter(given.values())))
    rng = np.random.default_rng(0)
    sizes = 2.0 ** rng.integers(-6, 7, (count, *[1] * len(shape)))
    return np.asarray(rng.integers(-16, 17, (count, *shape)) / 2 * sizes, np.float32)


def _fewer_inferences(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Half of them, as long as that fails as well."""
    count = len(next(iter(case.inputs.values())))
    while count > 1:
        half = count // 2
        for part in (slice(half), slice(half, count)):
            candidate = case.with_model(case.model, {name: array[part] for name, array in case.inputs.items()})
            if fails(candidate):
                case, count = candidate, len(next(iter(candidate.inputs.values())))
                break
        else:
            return case
    return case
