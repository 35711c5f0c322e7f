"""Ops that move elements against onnxruntime, with the batch axis anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.ops import Slice, Transpose
from hwflow.onnx_import.model import import_model
from tests.support.exact import assert_exact, imported
from tests.support.qonnx import ModelBuilder, weights


def finish(m: ModelBuilder, y: str) -> str:
    """A requantiser, so that golden has something to compute behind the movement."""
    return m.quant(m.node("Add", y, y), 8, 3)


@pytest.mark.parametrize("perm", [(0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 1, 4), (3, 4, 1), (2, 3, 4)])
def test_transpose_with_the_batch_axis_anywhere(tmp_path: Path, perm: tuple[int, ...], shape: tuple[int, ...]) -> None:
    m = ModelBuilder()
    y = m.node("Transpose", m.quant(m.input(*shape), 8, 4), perm=list(perm))
    back = m.node("MatMul", y, m.weights(weights(shape[perm[2]], 5)))
    imported(tmp_path, m, finish(m, y), m.quant(back, 8, 2))


def test_a_transpose_of_the_batch_axis_alone_moves_nothing(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Transpose", m.quant(m.input(1, 3, 4), 8, 4), perm=[1, 0, 2])
    assert not any(isinstance(n.op, Transpose) for n in imported(tmp_path, m, finish(m, y)).graph.nodes)


@pytest.mark.parametrize("target", [(1, 12), (12,), (-1,), (3, 4), (0, 4, 3), (1, 0, -1, 2), (2, 1, 6), (4, 3, 1)])
def test_reshape(tmp_path: Path, target: tuple[int, ...]) -> None:
    m = ModelBuilder()
    imported(tmp_path, m, finish(m, m.node("Reshape", m.quant(m.input(1, 3, 4), 8, 4), m.ints(*target))))


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_flatten(tmp_path: Path, axis: int) -> None:
    m = ModelBuilder()
    imported(tmp_path, m, finish(m, m.node("Flatten", m.quant(m.input(1, 3, 4), 8, 4), axis=axis)))


def test_flatten_keeps_the_first_axis_unless_it_says_another(tmp_path: Path) -> None:
    m = ModelBuilder()
    flat = m.node("Flatten", m.quant(m.input(1, 3, 4), 8, 4))
    imported(tmp_path, m, m.quant(m.node("MatMul", flat, m.weights(weights(12, 5))), 8, 2))


@pytest.mark.parametrize("axes", [(0,), (3,), (0, -1), ()])
def test_squeeze_and_unsqueeze(tmp_path: Path, axes: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4, 1), 8, 4)
    flat = m.node("Squeeze", x, *([m.ints(*axes)] if axes else []))
    imported(tmp_path, m, finish(m, m.node("Unsqueeze", finish(m, flat), m.ints(0, -1))))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_concat(tmp_path: Path, axis: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4), 8, 4)
    imported(tmp_path, m, finish(m, m.node("Concat", x, m.quant(x, 5, 2), m.node("Relu", x), axis=axis)))


def test_concat_of_tensors_with_different_batch_axes(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4), 8, 4)
    y = m.node("Transpose", x, perm=[1, 0, 2])
    z = m.node("Slice", y, m.ints(0), m.ints(1), m.ints(0))
    imported(tmp_path, m, finish(m, m.node("Concat", y, z, axis=0)))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("first", [True, False])
def test_concat_with_constants(tmp_path: Path, axis: int, first: bool) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4), 8, 4)
    others = [m.const(np.zeros((1, 3, 4), np.float32)), m.const(np.arange(12).reshape(1, 3, 4) / 4)]
    parts = [*others, x] if first else [x, *others]
    imported(tmp_path, m, finish(m, m.node("Concat", *parts, axis=axis)))


@pytest.mark.parametrize("pads", [(0, 2, 0, 0, 0, 0), (0, 1, 2, 0, 0, 3), (1, 0, 0, 0, 1, 0)])
def test_pad_with_zeros(tmp_path: Path, pads: tuple[int, ...]) -> None:
    m = ModelBuilder()
    imported(tmp_path, m, finish(m, m.node("Pad", m.quant(m.input(1, 3, 4), 8, 4), m.ints(*pads))))


@pytest.mark.parametrize("filling", [0.0, ""])
def test_a_pad_that_says_zero_is_one_with_zeros(tmp_path: Path, filling: float | str) -> None:
    m = ModelBuilder()
    said = filling if isinstance(filling, str) else m.const(filling)
    imported(tmp_path, m, finish(m, m.node("Pad", m.quant(m.input(1, 3, 4), 8, 4), m.ints(0, 2, 0, 0, 0, 0), said)))


@pytest.mark.parametrize(
    ("axis", "start", "stop", "step"), [(1, 1, 3, 1), (-1, -3, 2**31, 1), (2, 0, -1, 2), (0, 0, 1, 1), (1, -99, 99, 3)]
)
def test_slice(tmp_path: Path, axis: int, start: int, stop: int, step: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4), 8, 4)
    y = m.node("Slice", x, m.ints(start), m.ints(stop), m.ints(axis), m.ints(step))
    imported(tmp_path, m, finish(m, y))


def test_slice_of_several_axes_at_once(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Slice", m.quant(m.input(1, 5, 6), 8, 4), m.ints(0, 1, 2), m.ints(1, 4, 5))
    model = imported(tmp_path, m, finish(m, y))
    assert sum(isinstance(n.op, Slice) for n in model.graph.nodes) == 2


@pytest.mark.parametrize(("axis", "parts"), [(-1, (2, 4)), (1, (1, 1, 1)), (2, (3, 1, 2)), (0, (1,))])
def test_split(tmp_path: Path, axis: int, parts: tuple[int, ...]) -> None:
    m = ModelBuilder()
    pieces = m.nodes_of("Split", len(parts), m.quant(m.input(1, 3, 6), 8, 4), m.ints(*parts), axis=axis)
    imported(tmp_path, m, *(finish(m, piece) for piece in pieces))


@pytest.mark.parametrize("opset", [17, 18])
def test_split_into_equal_parts(tmp_path: Path, opset: int) -> None:
    m = ModelBuilder(opset)
    x = m.quant(m.input(1, 3, 6), 8, 4)
    pieces = m.nodes_of("Split", 3, x, axis=2, **({"num_outputs": 3} if opset >= 18 else {}))
    imported(tmp_path, m, *(finish(m, piece) for piece in pieces))


@pytest.mark.parametrize(("axis", "indices"), [(1, 2), (1, -1), (2, [1, 2]), (0, 0), (-1, [3]), (0, [0])])
def test_gather_of_a_range(tmp_path: Path, axis: int, indices: object) -> None:
    m = ModelBuilder()
    y = m.node("Gather", m.quant(m.input(1, 3, 4), 8, 4), m.const(indices, np.int64), axis=axis)
    imported(tmp_path, m, finish(m, y))


@pytest.mark.parametrize("port", [(1, 3, 4), (3, 1, 4), (3, 4)])
def test_an_input_that_is_moved_before_its_quantiser(tmp_path: Path, port: tuple[int, ...]) -> None:
    m = ModelBuilder()
    y = m.node("Reshape", m.input(*port), m.ints(1, 3, 4))
    y = m.node("Squeeze", m.node("Transpose", y, perm=[0, 2, 1]), m.ints(0))
    model = imported(tmp_path, m, finish(m, m.quant(y, 8, 4)))
    assert model.graph.tensors[model.graph.inputs[0]].shape == tuple(n for n in port if n != 1)


def test_an_input_that_is_quantised_before_and_after_a_movement(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.input(1, 4, 4)
    moved = m.quant(m.node("Transpose", x, perm=[0, 2, 1]), 8, 4)
    model = imported(tmp_path, m, m.quant(m.node("MatMul", m.quant(x, 8, 4), moved), 8, 1))
    assert len(model.graph.inputs) == 1


def test_what_does_nothing_vanishes(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Cast", m.node("Dropout", m.node("Identity", m.quant(m.input(1, 4), 8, 4))), to=1)
    model = import_model(m.save(tmp_path, finish(m, y)))
    assert_exact(model)
    assert [type(n.op).__name__ for n in model.graph.nodes] == ["Add", "Requantise"]


def test_multi_head_attention_with_packed_projections(tmp_path: Path) -> None:
    """Several heads by reshape and transpose, q, k and v by Split: every tensor, and the batch axis in the middle."""
    m = ModelBuilder()
    tokens, heads, each = 5, 2, 3
    x = m.quant(m.input(1, tokens, 6), 8, 4)
    packed = m.quant(m.node("MatMul", x, m.weights(weights(6, 3 * heads * each))), 8, 3)
    q, k, v = (
        m.node("Transpose", m.node("Reshape", part, m.ints(1, tokens, heads, each)), perm=perm)
        for part, perm in zip(
            m.nodes_of("Split", 3, packed, axis=2), ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True
        )
    )
    scores = m.quant(m.node("Mul", m.node("MatMul", q, k), m.const(0.5)), 8, 2)
    shifted = m.node("Sub", scores, m.node("ReduceMax", scores, axes=[-1]))
    powers = m.quant(m.node("Exp", shifted), 8, 8, signed=False)
    sums = m.quant(m.node("Reciprocal", m.node("ReduceSum", powers, m.ints(-1))), 10, 10, signed=False)
    mixed = m.node("MatMul", m.quant(m.node("Mul", powers, sums), 8, 7, signed=False), v)
    joined = m.node("Reshape", m.node("Transpose", mixed, perm=[0, 2, 1, 3]), m.ints(1, tokens, heads * each))
    imported(tmp_path, m, m.quant(joined, 8, 4))
