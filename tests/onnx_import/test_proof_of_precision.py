"""What float32 cannot hold is found, named and computed in double; what double cannot hold is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.load import load_model
from hwflow.onnx_import.model import ImportedModel, _standard, import_model
from hwflow.onnx_import.simplify import simplify
from tests.support.exact import LEVELS, assert_exact, outputs_at, real_inputs
from tests.support.qonnx import ModelBuilder, weights

Perm = tuple[int, int, int]


def wide_product(folder: Path) -> Path:
    """A sum of 64 products of 12 and 12 bits: 30 bits, quantised to 24."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 12, 8)
    product = m.node("MatMul", x, m.weights(weights(64, 8) * 4, 12, 8), name="product")
    return m.save(folder, m.quant(m.node("Relu", product, name="positive"), 24, 14, name="y"))


def test_a_tensor_of_30_bits_is_named_and_golden_is_still_exact(tmp_path: Path) -> None:
    model = import_model(wide_product(tmp_path))
    assert set(model.wide) == {"product", "positive"}
    assert 1 << 24 < model.wide["product"] < 1 << 30
    assert_exact(model)


def test_golden_says_which_tensors_it_computes_in_double(tmp_path: Path) -> None:
    model = import_model(wide_product(tmp_path))
    golden = onnx.load_from_string(model.golden)
    (said,) = [json.loads(entry.value) for entry in golden.metadata_props if entry.key == "hwflow.double"]
    assert said == dict(model.wide)
    types = {v.name: v.type.tensor_type.elem_type for v in (*golden.graph.value_info, *golden.graph.output)}
    assert types["product"] == onnx.TensorProto.DOUBLE and types["y"] == onnx.TensorProto.FLOAT


def in_float32_alone(path: Path, model: ImportedModel) -> ImportedModel:
    """The same model with a golden.onnx that ignores the proof."""
    source = load_model(path)
    simplify(source)
    return dataclasses.replace(model, golden=_standard(source, {}))


def test_in_float32_alone_the_same_model_would_differ(tmp_path: Path) -> None:
    """The check can fail: without the proof, onnxruntime rounds."""
    path = wide_product(tmp_path)
    model = import_model(path)
    with pytest.raises(AssertionError, match=r"elements that differ|off the grid"):
        assert_exact(in_float32_alone(path, model), real_inputs(model.graph, count=200))


def test_golden_in_double_gives_the_same_bits_at_every_optimisation_level(tmp_path: Path) -> None:
    model = import_model(wide_product(tmp_path))
    inputs = real_inputs(model.graph, count=50)
    (plain,), (fused,) = (outputs_at(model, inputs, level) for level in LEVELS)
    assert np.array_equal(plain, fused)


@pytest.mark.parametrize("turns", [[(1, 0, 2)], [(1, 0, 2), (1, 0, 2), (1, 0, 2)], [(0, 2, 1), (2, 0, 1)]], ids=str)
@pytest.mark.parametrize("others", [False, True])
def test_a_transpose_in_front_of_a_wide_product_turns_doubles(tmp_path: Path, turns: list[Perm], others: bool) -> None:
    """Tokens first, as in torch's encoder: onnxruntime crashes over a Cast between the Transpose and the MatMul."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 8, 8), 12, 8)
    for perm in turns:
        x = m.node("Transpose", x, perm=perm)
    y = m.node("MatMul", x, m.weights(weights(8, 4) * 4, 14, 10), name="product")
    outputs = [m.quant(y, 24, 14), *([x, m.quant(m.node("Relu", x), 8, 4)] if others else [])]
    model = import_model(m.save(tmp_path, *outputs))
    assert "product" in model.wide
    graph = onnx.load_from_string(model.golden).graph
    made = {name: node.op_type for node in graph.node for name in node.output}
    read = {name for node in graph.node for name in node.input} | {v.name for v in graph.output}
    assert all(set(node.output) <= read for node in graph.node)
    assert not [n for n in graph.node if n.op_type == "Cast" and made[n.input[0]] == "Transpose"]  # else: a crash
    assert_exact(model)
    plain, fused = (outputs_at(model, real_inputs(model.graph), level) for level in LEVELS)
    assert all(np.array_equal(a, b) for a, b in zip(plain, fused, strict=True))


@pytest.mark.parametrize("others", [False, True])
def test_a_transpose_that_both_operands_read_turns_doubles(tmp_path: Path, others: bool) -> None:
    m = ModelBuilder()
    x = m.node("Transpose", m.quant(m.input(1, 8, 8), 14, 8), perm=[0, 2, 1])
    y = m.quant(m.node("MatMul", x, x, name="product"), 24, 8)
    model = import_model(m.save(tmp_path, y, *([m.quant(m.node("Relu", x), 8, 4)] if others else [])))
    assert "product" in model.wide
    onnx.checker.check_model(onnx.load_from_string(model.golden), full_check=True)
    assert_exact(model)


def test_a_tensor_below_24_bits_needs_no_double(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 9, 8)
    model = import_model(m.save(tmp_path, m.quant(m.node("MatMul", x, m.weights(weights(64, 8), 9, 6)), 16, 8)))
    assert not model.wide
    assert_exact(model, real_inputs(model.graph, count=200))


@pytest.mark.parametrize("op", ["MatMul", "Mul"])
def test_over_53_bits_is_refused_by_name(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 64, 64), 28, 8)
    y = m.node(op, x, x, label="huge")
    with pytest.raises(
        UserError, match=rf"node 1 {op} 'huge': it reaches \d{{17,}} \(over 53 bits\), which no float holds"
    ):
        import_model(m.save(tmp_path, m.quant(y, 8, 4)))


@pytest.mark.parametrize("op", ["MatMul", "Mul"])
def test_over_62_bits_is_refused_by_name(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 32, 8)
    with pytest.raises(UserError, match=rf"node 1 {op} 'huge': .* accumulator that reaches \d+ \(over 62 bits\)"):
        import_model(m.save(tmp_path, m.quant(m.node(op, x, x, label="huge"), 8, 4)))


def test_a_sum_of_steps_that_lie_too_far_apart_is_refused_by_name(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.input(1, 4)
    fine = m.quant(m.node("Mul", m.quant(x, 8, -50), m.const(2.0**-55)), 8, 55)
    with pytest.raises(UserError, match=r"node \d Add 'far': .*reaches .* bits"):
        import_model(
            m.save(tmp_path, m.quant(m.node("Add", m.node("Relu", m.quant(x, 8, -50)), fine, label="far"), 8, 0))
        )


@pytest.mark.parametrize("frac", [61, 100, -61, 126])
def test_steps_that_leave_the_range_of_float32_are_refused(tmp_path: Path, frac: int) -> None:
    m = ModelBuilder()
    with pytest.raises(UserError, match=rf"its scale is 2\*\*{-frac}; scales from 2\*\*-60 to 2\*\*60"):
        import_model(m.save(tmp_path, m.quant(m.input(1, 4), 8, frac)))
    m = ModelBuilder()
    y = m.node("Mul", m.quant(m.input(1, 4), 8, 4), m.const(2.0 ** (4 - frac)), label="scaled")
    with pytest.raises(UserError, match=rf"node 1 Mul 'scaled': its step is 2\*\*{-frac}"):
        import_model(m.save(tmp_path, m.quant(y, 8, 4)))
