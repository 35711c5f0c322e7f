"""Packed projections as vision transformers write them, and constants that follow a Transpose."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, MatMul, Mul, ReduceMax, Requantise, Reshape, Slice, Sub, Transpose
from hwflow.ir.types import FixedType
from hwflow.kernels.network import kernel_graph
from hwflow.passes import canonicalise
from hwflow.passes.early_slices import early_slices
from hwflow.passes.sink_movement import sink_movement

EIGHT = FixedType(True, 8, 4)
RNG = np.random.default_rng(0)


def same(before: Graph, after: Graph) -> None:
    """Equal outputs."""
    (x,) = before.inputs
    inputs = {x: np.random.default_rng(1).integers(-128, 128, (4, *before.tensors[x].shape))}
    old, new = reference.run(before, inputs), reference.run(after, inputs)
    assert all(np.array_equal(old[id], new[id]) for id in before.outputs)


def packed_attention(tokens: int = 6, heads: int = 2, each: int = 4) -> Graph:
    """``qkv(x).reshape(T, 3, H, d).permute(1, 2, 0, 3).unbind(0)``, a row function of the scores, heads joined."""
    b, width = GraphBuilder(), heads * each
    x = b.input((tokens, width), EIGHT)
    packed = b.add(MatMul(), x, b.constant(RNG.integers(-7, 8, (width, 3 * width)), 4))
    packed = b.add(Add(), packed, b.constant(RNG.integers(-99, 99, 3 * width), 8))
    parts = b.add(Transpose((1, 2, 0, 3)), b.add(Reshape((tokens, 3, heads, each)), packed))
    q, k, v = (
        b.add(Requantise(EIGHT), b.add(Reshape((heads, tokens, each)), b.add(Slice(-4, i, i + 1), parts)))
        for i in range(3)
    )
    scores = b.add(MatMul(), q, b.add(Transpose((0, 2, 1)), k))
    weights = b.add(Requantise(EIGHT), b.add(Sub(), b.add(ReduceMax(-1), scores), scores))
    context = b.add(Transpose((1, 0, 2)), b.add(MatMul(), weights, v))
    return b.build([b.add(Requantise(EIGHT), b.add(Reshape((tokens, width)), context))])


def test_packed_attention_becomes_three_linear_kernels() -> None:
    graph = packed_attention()
    same(graph, early_slices(graph))
    same(graph, canonicalise(graph))
    kinds = [k.kind for k in kernel_graph(graph, 200.0).kernels]
    assert kinds == ["fork", "linear", "linear", "linear", "attention"]


@pytest.mark.parametrize(
    ("target", "cut"),
    [
        ((6, 2, 12), Slice(-2, 0, 2)),
        ((6, 4, 6), Slice(-1, 1, 4)),
        ((12, 12), Slice(-1, 0, 6)),
        ((6, 4, 6), Slice(-2, 0, 4, 2)),
    ],
)
def test_other_slices_stay_right(target: tuple[int, ...], cut: Slice) -> None:
    b = GraphBuilder()
    x = b.input((6, 24), EIGHT)
    graph = b.build([b.add(cut, b.add(Reshape(target), x))])
    same(graph, early_slices(graph))


def test_constants_per_channel_follow_a_transpose() -> None:
    """Scale and bias per channel between two Transposes: one linear kernel."""
    b = GraphBuilder()
    x = b.input((5, 8), EIGHT)
    y = b.add(Transpose((1, 0)), b.add(MatMul(), x, b.constant(RNG.integers(-7, 8, (8, 12)), 4)))
    y = b.add(Mul(), y, b.constant(RNG.integers(1, 9, (12, 1)), 3))
    y = b.add(Add(), y, b.constant(RNG.integers(-99, 99, (12, 1)), 3))
    graph = b.build([b.add(Requantise(EIGHT), b.add(Transpose((1, 0)), y))])
    same(graph, sink_movement(graph))
    assert [k.kind for k in kernel_graph(graph, 200.0).kernels] == ["linear"]
