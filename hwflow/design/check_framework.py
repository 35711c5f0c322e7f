"""The framework's own forward, stored at export, against golden.onnx and the integer reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from hwflow import record as r
from hwflow.design.check_import import Checked
from hwflow.errors import GateFailed, UserError
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.onnx_import.model import ImportedModel
from hwflow.verify.expected import Expected, expected_path, find_expected
from hwflow.verify.golden import golden_runner
from hwflow.verify.ports import ModelPorts

DIFFERING = "framework: differing values"


def check_framework(model: Path, imported: ImportedModel) -> Checked:
    """What lies beside the model, and results and parity of the stage framework; nothing in near-exact mode.

    A model with wide tensors is exact in float64 alone: then a forward in float32 gives a figure without a limit.
    Raises GateFailed, which names the output, for a value that differs, and UserError for values of another model.
    """
    expected = None if imported.rewrites else find_expected(model)
    if expected is None:
        return Checked()
    ports, path = ModelPorts(imported.graph, imported.golden), expected_path(model)
    data = [array for array in ports.checked(expected.inputs, str(path)) if array is not None]
    golden = golden_runner(imported, imported.graph.outputs).run(data)
    emulated = reference.emulate(imported.graph, ports.integers(data))
    wrong = {name: _wrong(path, ports, name, expected, (golden, emulated)) for name in ports.outputs}
    if imported.wide and expected.in_float32:
        figure = r.Result(stage="framework", metric=f"{DIFFERING} (float32, wide tensors)", value=sum(wrong.values()))
        return Checked((figure,))
    if different := [name for name, count in wrong.items() if count]:
        raise GateFailed(_message(model, path, expected, different[0], wrong[different[0]]))
    return Checked(tuple(_results(expected)), tuple(_parity(expected)), expected)


def _wrong(
    path: Path, ports: ModelPorts, name: str, expected: Expected, found: tuple[Mapping[str, IntArray], ...]
) -> int:
    """Values of an output that golden.onnx or the reference has otherwise."""
    index = ports.outputs.index(name)
    values = [ports.real(index, each[ports.graph.outputs[index]]) for each in found]
    wanted = expected.outputs.get(name)
    if wanted is None or wanted.size != values[0].size:
        raise UserError(str(path), f"no values of the output {name!r}", "every output's", "Export again.")
    return int(np.count_nonzero(np.any([v != wanted.reshape(v.shape) for v in values], axis=0)))


def _results(expected: Expected) -> Iterator[r.Result]:
    total = sum(array.size for array in expected.outputs.values())
    yield r.Result(stage="framework", metric=DIFFERING, value=0, unit=f"of {total:,}", limit=0)
    yield r.Result(stage="framework", metric="framework: inferences", value=expected.count, unit=expected.framework)


def _parity(expected: Expected) -> Iterator[r.Parity]:
    for name, values in expected.outputs.items():
        yield r.Parity(tensor=name, stage="framework", compared=values.size, mismatches=0)


def _message(model: Path, path: Path, expected: Expected, name: str, wrong: int) -> str:
    return (
        f"framework: output {name!r} of {model} is not what {expected.framework} computed: {wrong:,} of "
        f"{expected.outputs[name].size:,} values of {path} differ. Either a layer is not exact in the framework, or "
        "hwflow exports or imports it wrongly; please report it with the model."
    )
