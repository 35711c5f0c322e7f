"""The gate called import: it finds what the importer gets wrong, and nothing where it is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

import hwflow
from hwflow.errors import GateFailed
from hwflow.onnx_import import lower, simplify
from hwflow.onnx_import.model import import_model
from hwflow.verify.import_gate import LEAST_VECTORS, ImportReport, compare_import
from hwflow.verify.ports import ModelPorts
from tests.support.qonnx import ModelBuilder, weights


def compared(path: Path, count: int = 64) -> ImportReport:
    imported = import_model(path)
    ports = ModelPorts(imported.graph, imported.golden)
    return compare_import(path, imported, ports.filled(ports.default(count)), count)


def perceptron(rounding: str = "ROUND") -> tuple[ModelBuilder, str]:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4, rounding=rounding, name="first")
    hidden = m.quant(m.node("MatMul", x, m.weights(weights(16, 8))), 8, 3, name="hidden")
    return m, m.quant(m.node("Relu", hidden, name="positive"), 6, 2, name="last")


def test_every_tensor_of_the_file_is_compared(tmp_path: Path) -> None:
    m, y = perceptron()
    report = compared(m.save(tmp_path, y))
    assert report.fault is None and report.wrong == 0
    assert (report.data, report.edges, report.undefined) == (32, 32, 0)
    names = [tensor.tensor for tensor in report.tensors]
    assert [n for n in names if n in ("first", "hidden", "positive", "last")] == names[:1] + names[-3:]
    assert {tensor.compared for tensor in report.tensors} == {64 * 16, 64 * 8}


def test_large_models_are_compared_on_fewer_vectors(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 96, 96), 8, 4)
    y = m.node("Conv", x, m.weights(weights(64, 3, 7, 7)), pads=[3, 3, 3, 3])
    report = compared(m.save(tmp_path, m.quant(m.node("ReduceMax", y, axes=[1, 2, 3]), 16, 8)))
    assert report.data + report.edges == LEAST_VECTORS


def _swap_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quantiser that truncates where it should round."""

    def swapped(node: ir.Node) -> object:
        return original(node) if node.outputs[0].name != "hidden" else _floor(original(node))

    original = lower.read_quantiser
    monkeypatch.setattr(lower, "read_quantiser", swapped)


def _floor(quantiser: object) -> object:
    from dataclasses import replace

    return replace(quantiser, rounding="floor")  # type: ignore[type-var]


def _drop_relu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simplify._RULES, "Relu", simplify.bypass)


@pytest.mark.parametrize("fault, tensor", [(_swap_rounding, "hidden"), (_drop_relu, "last")])
def test_a_wrong_rule_is_found_at_its_tensor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None], tensor: str
) -> None:
    m, y = perceptron()
    fault(monkeypatch)
    report = compared(m.save(tmp_path, y))
    assert report.fault is not None
    assert report.fault.tensor == tensor
    assert report.wrong > 0


def test_a_build_fails_with_the_tensor_and_an_input_that_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    m, y = perceptron()
    _swap_rounding(monkeypatch)
    path, folder = m.save(tmp_path, y), tmp_path / "design"
    with pytest.raises(GateFailed, match=r"import: tensor 'hidden' of .* is imported wrongly: its element \[0, \d\]"):
        hwflow.convert(path, output_dir=folder)
    assert not (folder / "build.json").exists()
    shown = np.load(folder / "import-fault.npz")
    assert shown["x"].size == 16


def test_the_record_names_every_tensor(tmp_path: Path) -> None:
    m, y = perceptron()
    design = hwflow.convert(m.save(tmp_path, y), output_dir=tmp_path / "design", oracle_vectors=20)
    results = {r.metric: r for r in design.record.results if r.stage == "oracle"}
    assert results["import: differing values"].ok is True
    assert results["import: vectors of the data"].value + results["import: vectors at ties and ends"].value == 20
    rows = [p for p in design.record.parity if p.stage == "oracle"]
    assert len(rows) == results["import: tensors compared"].value
    assert all(p.mismatches == 0 < p.compared for p in rows)


def test_a_design_that_was_not_compared_is_not_checked(tmp_path: Path) -> None:
    m, y = perceptron()
    design = hwflow.convert(m.save(tmp_path, y), output_dir=tmp_path / "design", oracle_vectors=0)
    assert [r.value for r in design.record.results if r.metric.startswith("import: vectors")] == [0, 0, 0]
    design.csim(5)
    with pytest.raises(GateFailed, match="oracle: no gate 'import: differing values'"):
        design.check()
