"""Quant in all its variants against onnxruntime, bit for bit."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from hwflow.ir.ops import Requantise
from hwflow.ir.types import FixedType
from hwflow.onnx_import.model import import_model
from tests.support.exact import assert_exact, imported
from tests.support.qonnx import QONNX, ModelBuilder, weights


@pytest.mark.parametrize("bits", [1, 2, 3, 8, 16, 23, 24])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("rounding", ["ROUND", "FLOOR"])
def test_requantisers(tmp_path: Path, bits: int, signed: bool, rounding: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 24 if bits > 20 else 21, 20)
    model = imported(tmp_path, m, m.quant(x, bits, min(bits, 18), signed, rounding=rounding))
    (y,) = model.graph.outputs
    assert model.graph.tensors[y].type == FixedType(signed, bits, min(bits, 18))


@pytest.mark.parametrize("bits", [1, 2, 8])
def test_a_narrow_range_leaves_out_the_lowest_integer(tmp_path: Path, bits: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 12, 6)
    model = imported(tmp_path, m, m.quant(x, bits, 3, narrow=True))
    (requantise,) = [n.op for n in model.graph.nodes if isinstance(n.op, Requantise)]
    assert requantise.narrow
    assert assert_exact(model)[model.graph.outputs[0]].min() == 1 - 2 ** (bits - 1)


def test_a_narrow_input_saturates_one_step_earlier(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 8, 4, narrow=True)
    model = imported(tmp_path, m, m.node("Relu", m.node("Neg", x)))
    assert assert_exact(model)[model.graph.outputs[0]].max() == 127


@pytest.mark.parametrize("frac", [-6, -1, 0, 9, 30])
def test_scales_far_from_one(tmp_path: Path, frac: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, frac)
    imported(tmp_path, m, m.quant(m.node("Add", x, x), 6, frac - 2))


@pytest.mark.parametrize("bits", [25, 30, 32])
def test_a_quantiser_over_24_bits_computes_in_double(tmp_path: Path, bits: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 14, 7, name="small")
    product = m.node("MatMul", x, m.weights(weights(16, 16) * 100, 14, 6), name="product")
    wide = m.quant(product, bits, 13, name="fine")
    model = imported(tmp_path, m, m.quant(m.node("Relu", wide), 10, 2))
    assert "product" in model.wide
    double = {
        v.name for v in onnx.load_from_string(model.golden).graph.value_info if v.type.tensor_type.elem_type == 11
    }
    assert double >= {"product"}


def test_a_bias_of_32_bits_stays_float32_where_its_values_allow(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    bias = m.quant(m.const(weights(4, seed=1)), 32, 8)
    model = imported(tmp_path, m, m.quant(m.node("Add", m.node("MatMul", x, m.weights(weights(4, 4))), bias), 8, 4))
    assert not model.wide


def test_a_bias_of_30_bits_is_added_in_double(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 20)
    bias = m.quant(m.const([511.123456, 3.1, -500.7, 0.0]), 32, 20)
    model = imported(tmp_path, m, m.quant(m.node("Add", x, bias, name="sum"), 8, -2))
    assert model.wide["sum"] > 1 << 24


def test_a_quantiser_that_changes_nothing_costs_nothing(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    model = imported(tmp_path, m, m.quant(m.quant(m.node("Relu", x), 9, 4), 12, 6))
    assert [type(n.op).__name__ for n in model.graph.nodes] == ["Clamp"]


def test_other_spellings_of_the_same_node(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4, rounding="half_even")
    scale, zero, bits = m.const([0.25]), m.const([0.0]), m.const([4.0])
    y = m.node("IntQuant", x, scale, zero, bits, domain="finn.custom_op.general", signed=1, narrow=0)
    imported(tmp_path, m, m.quant(y, 3, 1, scale=[[0.5, 0.5, 0.5, 0.5]]))


def test_the_parameters_may_be_computed_from_constants(tmp_path: Path) -> None:
    m = ModelBuilder()
    scale = m.node("Exp", m.node("Mul", m.const(0.0), m.const(3.0)))
    x = m.node("Quant", m.input(1, 4), scale, m.const(0.0), m.const(8.0), domain=QONNX, signed=1, narrow=0)
    model = import_model(m.save(tmp_path, m.node("Identity", m.node("Relu", x))))
    assert_exact(model)
    assert model.graph.tensors[model.graph.inputs[0]].type == FixedType(True, 8, 0)
