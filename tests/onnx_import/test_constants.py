"""Constants are computed in one defined way; what has none is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from hwflow.errors import UserError
from hwflow.numerics import evaluate
from hwflow.onnx_import.fold import fold_constants
from hwflow.onnx_import.load import load_model
from tests.support.qonnx import ModelBuilder

RNG = np.random.default_rng(0)


def folded(folder: Path, m: ModelBuilder, *names: str) -> list[np.ndarray]:
    """The constants that the values become. They are read by a sum with the input, in which they are the second."""
    outputs = [m.node("Add", m.input(1, name=f"x_{name}"), name) for name in names]
    model = load_model(m.save(folder, *outputs))
    fold_constants(model)
    by_output = {node.outputs[0].name: node for node in model.graph}
    values = [by_output[name].inputs[1] for name in outputs]
    return [v.const_value.numpy() for v in values if isinstance(v, ir.Value) and v.const_value is not None]


@pytest.mark.parametrize("op", ["Exp", "Tanh", "Sqrt", "Erf", "Softplus"])
def test_a_function_of_constants_is_rounded_correctly(tmp_path: Path, op: str) -> None:
    m, x = ModelBuilder(), np.abs(RNG.normal(size=(3, 5))).astype(np.float32)
    (found,) = folded(tmp_path, m, m.node(op, m.const(x)))
    np.testing.assert_array_equal(found, evaluate(op, [x]))


def test_arithmetic_movement_and_shapes_alternate(tmp_path: Path) -> None:
    m, x = ModelBuilder(), RNG.normal(size=(2, 6)).astype(np.float32)
    value, expected = m.const(x), x
    for _ in range(20):  # as many as no number of rounds would hold
        value = m.node("Mul", m.node("Transpose", value, perm=[1, 0]), m.const(0.7))
        expected = expected.T * np.float32(0.7)
    rows = m.node("Gather", m.node("Shape", value), m.const([0, 1], np.int64))
    twice = m.node("Div", m.node("Mul", rows, m.ints(2, 2)), m.ints(2, 2))
    (found,) = folded(tmp_path, m, m.node("Reshape", value, twice))
    np.testing.assert_array_equal(found, expected)


def test_sums_and_products_are_those_of_float64(tmp_path: Path) -> None:
    m = ModelBuilder()
    a, b = (RNG.normal(size=s).astype(np.float32) for s in ((4, 700), (700, 3)))
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    left, right = m.const(a), m.const(b)
    names = [
        m.node("MatMul", left, right),
        m.node("Gemm", left, m.const(b.T), m.const(0.5), alpha=2.0, transB=1),
        m.node("ReduceSum", left, m.ints(1)),
        m.node("ReduceMean", left, axes=[0], keepdims=0),
        m.node("Sum", left, left, left),
    ]
    expected = [
        wide_a @ wide_b,
        2 * (wide_a @ wide_b) + 0.5,
        wide_a.sum(1, keepdims=True),
        wide_a.mean(0),
        3 * wide_a,
    ]
    for found, real in zip(folded(tmp_path, m, *names), expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, real.astype(np.float32), rtol=2**-23, atol=1e-6)


@pytest.mark.parametrize(
    ("bits", "frac", "scale", "expected"),
    [
        (4, 2, None, [-2, -0.5, 0, 1.75]),
        (8, 0, 0.3, np.float32([-38.4, -0.6, 0, 38.1])),
        (32, 30, None, [-2, -0.625, 0.1, 2]),
    ],
)
def test_a_quantiser_of_constants(
    tmp_path: Path, bits: int, frac: int, scale: float | None, expected: list[float]
) -> None:
    m = ModelBuilder()
    x = m.const(np.array([-50, -0.625, 0.1, 50]))
    (found,) = folded(tmp_path, m, m.quant(x, bits, frac, scale=scale))
    assert found.dtype == (np.float64 if bits > 24 else np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-6 if scale else 1e-9, atol=1e-8)


def test_a_scale_that_nodes_compute(tmp_path: Path) -> None:
    m = ModelBuilder()
    scale = m.node("Div", m.const(1.0), m.node("Pow", m.const(2.0), m.const(3.0)))
    operands = [m.const([0.3, 0.7]), scale, m.const(0.0), m.const(8.0)]
    (found,) = folded(tmp_path, m, m.node("Quant", *operands, domain="qonnx.custom_op.general", signed=1))
    np.testing.assert_array_equal(found, np.float32([0.25, 0.75]))


def test_arithmetic_without_a_definition_is_refused_by_name(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Softmax", m.const([[0.3, 0.7]]), name="weights")
    with pytest.raises(
        UserError, match="constant 'weights': found Softmax of float constants, which rounds as the processor"
    ):
        folded(tmp_path, m, y)
