"""The gate called import: it finds what the importer gets wrong, and nothing where it is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto

import hwflow
from hwflow.errors import GateFailed
from hwflow.onnx_import import lower, rewrite, simplify
from hwflow.onnx_import.model import import_model
from hwflow.onnx_import.quantiser import Quantiser
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

    original = lower.read_quantiser

    def swapped(node: ir.Node) -> Quantiser:
        quantiser = original(node)
        return quantiser if node.outputs[0].name != "hidden" else replace(quantiser, rounding="floor")

    monkeypatch.setattr(lower, "read_quantiser", swapped)


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


def _zero_points_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """QONNX's quantisers by the rule of QuantizeLinear, and the other way round."""
    original = lower.read_quantiser

    def swapped(node: ir.Node) -> Quantiser:
        quantiser = original(node)
        return replace(quantiser, rounds_first=not quantiser.rounds_first)

    monkeypatch.setattr(lower, "read_quantiser", swapped)


def _tokens_from_row_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative tokens limited to the first row."""
    original = lower._limit_tokens

    def limited(graph: ir.Graph, node: ir.Node, double: set[ir.Value]) -> None:
        original(graph, node, double)
        clip = node.inputs[1].producer()  # type: ignore[union-attr]
        assert clip is not None and clip.op_type == "Clip"
        clip.replace_input_with(1, rewrite.constant(graph, np.asarray(0, np.int64), "row"))

    monkeypatch.setattr(lower, "_limit_tokens", limited)


def odd_zero_point() -> tuple[ModelBuilder, str]:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 3)
    return m, m.quant(x, 8, 2, signed=False, zero_point=3.0)


def odd_zero_point_in_standard_ops() -> tuple[ModelBuilder, str]:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 3)
    scale, zero = m.const(0.25), m.const(3, np.uint8)
    return m, m.node("DequantizeLinear", m.node("QuantizeLinear", x, scale, zero), scale, zero)


def negative_tokens() -> tuple[ModelBuilder, str]:
    m = ModelBuilder()
    return m, m.node("Gather", m.weights(weights(7, 4)), m.input(1, 6, type=TensorProto.INT64))


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (odd_zero_point, _zero_points_the_other_way),
        (odd_zero_point_in_standard_ops, _zero_points_the_other_way),
        (negative_tokens, _tokens_from_row_0),
    ],
)
def test_rules_that_were_wrong_once_are_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: Callable[[], tuple[ModelBuilder, str]],
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    m, y = model()
    path = m.save(tmp_path, y)
    assert compared(path).fault is None
    fault(monkeypatch)
    report = compared(path)
    assert report.fault is not None and report.fault.tensor == y


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
