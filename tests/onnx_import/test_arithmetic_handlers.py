"""Products, sums, limits and reductions against onnxruntime, bit for bit on every tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.ops import MatMul, Mul, Shift, Table
from hwflow.onnx_import.model import ImportedModel
from tests.support.exact import imported
from tests.support.qonnx import ModelBuilder, weights


def ops(model: ImportedModel) -> list[str]:
    return [type(n.op).__name__ for n in model.graph.nodes]


@pytest.mark.parametrize("transpose", [0, 1])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.5, 2.0), (-3.0, 0.25)])
@pytest.mark.parametrize("bias", [True, False])
def test_gemm(tmp_path: Path, transpose: int, alpha: float, beta: float, bias: bool) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 6), 8, 4)
    operands = [x, m.weights(weights(*((5, 6) if transpose else (6, 5))))]
    operands += [m.quant(m.const(weights(5, seed=1)), 8, 6)] if bias else []
    y = m.node("Gemm", *operands, transB=transpose, alpha=alpha, beta=beta)
    imported(tmp_path, m, m.quant(y, 8, 3))


def test_gemm_with_the_data_transposed(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.node("Reshape", m.quant(m.input(1, 4, 3), 8, 4), m.ints(4, 3))
    imported(tmp_path, m, m.quant(m.node("Gemm", x, m.weights(weights(4, 5)), transA=1), 8, 3))


def test_scaling_by_a_power_of_two_moves_the_point_alone(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    y = m.node("Div", m.node("Mul", x, m.const(0.25)), m.const(8.0))
    assert set(ops(imported(tmp_path, m, m.quant(y, 6, 7)))) == {"Shift", "Requantise"}


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (3, 4), (1, 3, 4), (2, 3, 4), (1, 1, 1, 4), (2, 1, 3, 4)])
def test_a_constant_broadcasts(tmp_path: Path, op: str, swapped: bool, shape: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x, c = m.quant(m.input(1, 3, 4), 8, 4), m.weights(weights(*shape, seed=2))
    imported(tmp_path, m, m.quant(m.node(op, *((c, x) if swapped else (x, c))), 8, 5))


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (1, 3, 4)])
def test_a_constant_broadcasts_against_a_tensor_without_a_batch_axis(tmp_path: Path, shape: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.node("Squeeze", m.quant(m.input(1, 3, 4), 8, 4), m.ints(0))
    imported(tmp_path, m, m.quant(m.node("Add", m.weights(weights(*shape, seed=2)), x), 8, 5))


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize(
    "shapes",
    [
        ((1, 3, 4), (1, 3, 4)),
        ((1, 3, 4), (1, 1, 4)),
        ((1, 3, 4), (3, 4)),
        ((3, 1, 4), (1, 3, 4)),
        ((3, 4), (1, 1)),
        ((1, 2, 3, 4), (2, 1, 1, 4)),
    ],
)
def test_two_tensors_broadcast(tmp_path: Path, op: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 24), 8, 4)
    parts = []
    for shape in shapes:
        part = m.node("Slice", x, m.ints(0), m.ints(int(np.prod(shape))), m.ints(1))
        parts.append(m.node("Reshape", part, m.ints(*shape)))
    y = m.node(op, parts[0], m.quant(parts[1], 6, 3))
    imported(tmp_path, m, m.quant(y, 8, 4))


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceMax", "ReduceMean"])
@pytest.mark.parametrize("axes", [(1,), (2,), (-1,), (1, 2), (0, -2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions(tmp_path: Path, op: str, axes: tuple[int, ...], keepdims: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 8), 6, 3)
    y = (
        m.node("ReduceSum", x, m.ints(*axes), keepdims=keepdims)
        if op == "ReduceSum"
        else m.node(op, x, axes=list(axes), keepdims=keepdims)
    )
    imported(tmp_path, m, m.quant(y, 9, 4))


@pytest.mark.parametrize("opset", [11, 12, 13, 18, 20])
def test_axes_are_read_in_every_operator_set(tmp_path: Path, opset: int) -> None:
    m = ModelBuilder(opset)
    x = m.quant(m.input(1, 4, 8), 6, 3)
    total = (
        m.node("ReduceSum", x, axes=[1], keepdims=0) if opset < 13 else m.node("ReduceSum", x, m.ints(1), keepdims=0)
    )
    mean, top = (
        m.node(op, x, m.ints(1), keepdims=0) if opset >= 18 else m.node(op, x, axes=[1], keepdims=0)
        for op in ("ReduceMean", "ReduceMax")
    )
    imported(tmp_path, m, m.quant(m.node("Add", m.node("Add", total, mean), top), 8, 1))


@pytest.mark.parametrize("count", [3, 7, 12])
def test_a_mean_of_no_power_of_two_is_a_table_of_the_sum(tmp_path: Path, count: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, count, 5), 6, 3)
    model = imported(tmp_path, m, m.quant(m.node("ReduceMean", x, axes=[1], keepdims=0), 8, 5))
    assert ops(model) == ["ReduceSum", "Table"] or ops(model) == ["ReduceSum", "Reshape", "Table"]


def test_a_mean_of_a_power_of_two_is_a_sum_and_a_shift(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 8, 5), 6, 3)
    model = imported(tmp_path, m, m.quant(m.node("ReduceMean", x, axes=[1]), 6, 5))
    assert not any(isinstance(n.op, Table) for n in model.graph.nodes)
    assert any(isinstance(n.op, Shift) for n in model.graph.nodes)


@pytest.mark.parametrize("limits", [(-1.0, 2.0), (0.0, 3.4e38), (-3.4e38, 0.5), (None, 1.0), (-0.5, None), (0.3, 0.7)])
def test_clip(tmp_path: Path, limits: tuple[float | None, float | None]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    operands = ["" if limit is None else m.const(limit) for limit in limits]
    while not operands[-1]:
        operands.pop()
    imported(tmp_path, m, m.quant(m.node("Clip", x, *operands), 7, 3))


@pytest.mark.parametrize("op", ["Max", "Min"])
@pytest.mark.parametrize("limit", [0.25, -1.0, 0.1])
def test_a_limit_by_max_or_min(tmp_path: Path, op: str, limit: float) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    imported(tmp_path, m, m.quant(m.node(op, m.const([limit]), x), 7, 3))


def test_relu_neg_and_square(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    y = m.node("Sub", m.node("Pow", m.node("Neg", x), m.const(2.0)), m.node("Relu", x))
    model = imported(tmp_path, m, m.quant(y, 16, 7))
    assert sum(isinstance(n.op, Mul) for n in model.graph.nodes) == 2


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1, 3, 4), (4, 5)),
        ((3, 4), (4, 5)),
        ((1, 2, 3, 4), (2, 4, 5)),
        ((1, 3, 4), (2, 4, 5)),
        ((1, 3, 4), (2, 1, 4, 5)),
        ((1, 4), (4, 5)),
        ((4, 1, 4), (1, 4, 5)),
    ],
)
def test_constant_on_the_right(tmp_path: Path, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(*left), 8, 4)
    imported(tmp_path, m, m.quant(m.node("MatMul", x, m.weights(weights(*right))), 8, 3))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((5, 3), (1, 3, 4)),
        ((5, 3), (3, 4)),
        ((2, 5, 3), (1, 3, 4)),
        ((2, 5, 3), (1, 2, 3, 4)),
        ((5, 3), (3, 1)),
    ],
)
def test_constant_on_the_left(tmp_path: Path, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(*right), 8, 4)
    imported(tmp_path, m, m.quant(m.node("MatMul", m.weights(weights(*left)), x), 8, 3))


@pytest.mark.parametrize("shape", [(1, 4, 6), (4, 6), (1, 2, 4, 6), (2, 1, 4, 6), (4, 1)])
def test_product_of_two_tensors(tmp_path: Path, shape: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(*shape), 8, 4)
    perm = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
    y = m.node("MatMul", x, m.node("Transpose", m.quant(x, 4, 2), perm=perm))
    model = imported(tmp_path, m, m.quant(y, 8, 2))
    assert any(isinstance(n.op, MatMul) for n in model.graph.nodes)


@pytest.mark.parametrize(
    ("dtype", "clip"),
    [(np.int8, None), (np.uint8, None), (np.int8, (-7, 7)), (np.int8, (-8, 7)), (np.uint8, (0, 15)), (np.int8, (0, 1))],
)
def test_quantise_clip_dequantise(tmp_path: Path, dtype: object, clip: tuple[int, int] | None) -> None:
    m = ModelBuilder()
    x = m.qcdq(m.input(1, 16), np.int8, 5)
    kernel = m.node("DequantizeLinear", m.const(weights(16, 8) * 50, np.int8), m.const(0.125), m.const(0, np.int8))
    imported(tmp_path, m, m.qcdq(m.node("MatMul", x, kernel), dtype, 2, clip))


def test_qcdq_parameters_from_constant_nodes(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.input(1, 4)
    scale = m.node("Constant", value_float=0.25)
    zero = m.node("Cast", m.node("Constant", value_int=0), to=3)
    quantised = m.node("QuantizeLinear", x, scale, zero)
    imported(tmp_path, m, m.node("Relu", m.node("DequantizeLinear", quantised, scale, zero)))
