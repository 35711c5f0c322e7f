"""The rungs without hardware: import, oracle = reference, golden at any optimisation = reference on every tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from hwflow.errors import UserError
from hwflow.fuzz.case import Case
from hwflow.fuzz.faults import Fault, Refused
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.onnx_import.session import session_of
from hwflow.oracle import Undefined
from hwflow.oracle import run as run_oracle
from hwflow.verify.golden import golden_runner, grid_integers, mismatches, typed
from hwflow.verify.import_gate import wide_values
from hwflow.verify.ports import ModelPorts

Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class Imported:
    """An imported case: data in the units of its ports, and what the reference makes of them, by tensor."""

    case: Case
    model: ImportedModel
    ports: ModelPorts
    arrays: Arrays
    found: dict[str, IntArray]

    @property
    def outputs(self) -> list[IntArray]:
        """Of the reference, in the order of the model."""
        return [self.found[id] for id in self.model.graph.outputs]


def load(case: Case, folder: Path) -> Imported:
    """The case imported, and the reference run on its inputs."""
    path = folder / "model.onnx"
    path.write_bytes(case.model)
    names = [v.name for v in onnx.load_from_string(case.model).graph.input if v.name in case.inputs]
    samples = [case.inputs[name].reshape(len(case.inputs[name]), *_without_batch(case.inputs[name])) for name in names]
    model = import_model(path, case.mode, samples=samples if case.mode == "near-exact" else None)
    ports = ModelPorts(model.graph, model.golden)
    arrays = [array for array in ports.checked(case.inputs, "inputs") if array is not None]
    keep = tuple(dict.fromkeys(id for id in model.names.values() if not model.graph.tensors[id].is_constant))
    found = reference.run(model.graph, ports.integers(arrays), keep)
    return Imported(case, model, ports, arrays, found)


def checked(verdict: Fault | Refused, case: Callable[[], Case]) -> Fault | Refused:
    """A refusal with a false reason is none for a model that makes no sense, which the reducer comes upon."""
    if not isinstance(verdict, Fault) or not verdict.kind.startswith("refusal"):
        return verdict
    try:
        drawn = case()
        run_oracle(drawn.model, {name: array[:1] for name, array in drawn.inputs.items()})
    except Undefined:
        pass
    except UserError as error:
        return Refused(str(error))
    return verdict


def _without_batch(array: np.ndarray) -> tuple[int, ...]:
    shape = array.shape[1:]
    index = next((i for i, n in enumerate(shape) if n == 1), None)
    return shape if index is None else shape[:index] + shape[index + 1 :]


def compare_with_oracle(imported: Imported) -> None:
    """The user's own file under the oracle; in near-exact mode there is nothing to be equal."""
    case, ports = imported.case, imported.ports
    if case.mode != "exact":
        return
    try:
        expected = run_oracle(case.model, case.inputs, wide_values(imported.model))
    except Undefined:
        return
    names = tuple(value.name for value in onnx.load_from_string(case.model).graph.output)
    if names != ports.outputs:
        raise Fault("oracle", "an output lost its name", f"{', '.join(names)} became {', '.join(ports.outputs)}")
    for n, name in enumerate(names):
        _compare(name, ports.real(n, imported.outputs[n]), expected[name].astype(np.float64), "file")
    for n, wanted in enumerate(case.expected):
        _compare(names[n], ports.real(n, imported.outputs[n]), wanted, "framework")


def _compare(name: str, found: np.ndarray, wanted: np.ndarray, whose: str) -> None:
    if found.size != wanted.size:
        shapes = f"{list(found.shape[1:])}, the {whose} has {list(wanted.shape[1:])}"
        raise Fault("oracle", "an output has another shape", f"output {name!r}: {shapes}")
    found = found.reshape(wanted.shape)
    differ = np.argwhere(found != wanted)
    if len(differ):
        first = tuple(differ[0].tolist())
        values = f"{found[first]:g}, the {whose} has {wanted[first]:g}"
        text = f"output {name!r}: {len(differ)} of {wanted.size} values; the first, at {list(first)}, is {values}"
        raise Fault("oracle", f"the import differs from the {whose}", text)


def compare_with_golden(imported: Imported) -> None:
    """Every named tensor, and the outputs of the file as it is, optimised and not."""
    model, runner = imported.model, golden_runner(imported.model)
    golden = runner.run(imported.arrays)
    for id, count, wrong in mismatches(golden, imported.found):
        if wrong:
            name = model.graph.names.get(id, id)
            raise Fault("reference", "golden differs", f"{name!r}: {wrong} of {count} values")
    for optimise in (True, False):
        for n, found in enumerate(_outputs(imported, optimise)):
            wrong = int(np.count_nonzero(found != imported.outputs[n]))
            if wrong:
                how = "optimised" if optimise else "unoptimised"
                raise Fault("reference", f"golden {how} differs", f"output {n}: {wrong} of {found.size} values")


def _outputs(imported: Imported, optimise: bool) -> list[IntArray]:
    """What golden.onnx as it is puts out."""
    session, graph = session_of(imported.model.golden, optimise=optimise), imported.model.graph
    rows = []
    for row in zip(*imported.arrays, strict=True):
        pairs = zip(session.get_inputs(), row, strict=True)
        rows.append(session.run(None, {p.name: typed(x, p.type).reshape(p.shape) for p, x in pairs}))
    return [grid_integers(np.stack([row[n] for row in rows]), graph, id) for n, id in enumerate(graph.outputs)]
