"""Passes change no value: every tensor that keeps its id keeps its integers; and each does what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwflow.ir import reference, serialise
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, MatMul, Requantise, Reshape, Slice, Table, Transpose
from hwflow.ir.types import FixedType
from hwflow.passes import PASSES, canonicalise
from hwflow.passes.hoist_slices import hoist_slices
from hwflow.passes.movement import ELEMENTWISE, PERMUTATIONS
from hwflow.passes.sink_movement import sink_movement
from hwflow.passes.token_mix import expose_token_mix
from tests.support.blocks import Blocks, random_transformer

PASS = pytest.mark.parametrize("each", [*PASSES, canonicalise], ids=lambda p: p.__name__)


def assert_keeps_values(before: Graph, after: Graph) -> None:
    """Every computed tensor that both have is equal in integers, type and shape; ``after`` is a valid graph."""
    (x,), (y,) = before.inputs, after.inputs
    values = np.random.default_rng(0).integers(-128, 128, size=(5, *before.tensors[x].shape))
    inputs = {x: values}
    moved = {y: values.transpose(0, *(axis + 1 for axis in after.orders[y])) if y in after.orders else values}
    common = [n.output for n in before.nodes if n.output in after.producers]
    assert set(after.outputs) == set(before.outputs) <= {*common, x, y}
    old, new = reference.run(before, inputs, common), reference.run(after, moved, [n.output for n in after.nodes])
    for id in common:
        assert np.array_equal(old[id], new[id]), id
        assert (before.tensors[id].type, before.tensors[id].shape) == (after.tensors[id].type, after.tensors[id].shape)
    for node in after.nodes:
        tensor = after.tensors[node.output]
        assert new[node.output].shape[1:] == tensor.shape == node.op.shape(after.inputs_of(node))
        assert tensor.type.holds(int(new[node.output].min()), int(new[node.output].max()))
    assert serialise.dumps(serialise.loads(serialise.dumps(after))) == serialise.dumps(after)


@given(st.integers(0, 1 << 20))
def test_passes_keep_the_values_of_random_transformers(seed: int) -> None:
    graph = random_transformer(seed)
    for each in PASSES:
        after = each(graph)
        assert_keeps_values(graph, after)
        graph = after


@PASS
@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("packed", [False, True])
def test_passes_keep_the_values_of_attention(each: object, heads: int, packed: bool) -> None:
    blocks = Blocks()
    graph = blocks.graph(blocks.attention(blocks.x, heads, packed=packed, mask=True))
    assert_keeps_values(graph, each(graph))  # type: ignore[operator]


@PASS
def test_passes_are_idempotent(each: object) -> None:
    graph = random_transformer(3)
    once = each(graph)  # type: ignore[operator]
    twice = each(once)  # type: ignore[operator]
    assert [type(n.op) for n in twice.nodes] == [type(n.op) for n in once.nodes]


@PASS
def test_passes_leave_alone_what_does_not_concern_them(each: object) -> None:
    blocks = Blocks()
    graph = blocks.graph(blocks.linear(blocks.linear(blocks.x, 5, relu=True), 3))
    assert serialise.dumps(each(graph)) == serialise.dumps(graph)  # type: ignore[operator]


def test_packed_projections_become_one_product_per_slice() -> None:
    blocks = Blocks()
    graph = hoist_slices(blocks.graph(blocks.attention(blocks.x, 2, packed=True)))
    assert not any(isinstance(n.op, Slice) for n in graph.nodes)
    products = [graph.tensors[n.inputs[1]].shape for n in graph.nodes if isinstance(n.op, MatMul)]
    assert products[:3] == [(6, 6)] * 3


def test_a_slice_passes_tables_heads_and_bias_but_not_a_sum_of_two_tensors() -> None:
    blocks = Blocks()
    packed = blocks.table(blocks.linear(blocks.x, 12))
    split = blocks.builder.add(Reshape((4, 1, 12)), packed)
    free = blocks.builder.add(Slice(-1, 2, 11, 3), split)
    held = blocks.builder.add(Slice(-1, 0, 5), blocks.residual(packed, packed, blocks.linear(blocks.x, 12)))
    graph = blocks.graph(free, held)
    after = hoist_slices(graph)
    assert_keeps_values(graph, after)
    assert [n.output for n in after.nodes if isinstance(n.op, Slice)] == [held]
    assert isinstance(after.producers[free].op, Reshape)


def test_a_slice_of_tokens_stays() -> None:
    blocks = Blocks()
    y = blocks.builder.add(Slice(-2, 0, 2), blocks.linear(blocks.x, 6))
    assert any(isinstance(n.op, Slice) for n in hoist_slices(blocks.graph(y)).nodes)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_product_along_the_tokens_has_its_constant_on_the_left(rows: int) -> None:
    blocks = Blocks()
    graph = blocks.graph(blocks.token_mix(blocks.x, rows))
    after = expose_token_mix(graph)
    assert_keeps_values(graph, after)
    (product,) = [n for n in after.nodes if isinstance(n.op, MatMul)]
    assert after.tensors[product.inputs[0]].shape == (rows, 4)
    assert product.inputs[1] == blocks.x
    assert np.array_equal(
        after.tensors[product.inputs[0]].values.T, next(t.values for t in graph.tensors.values() if t.is_constant)
    )


def test_a_product_along_the_tokens_of_each_head() -> None:
    blocks = Blocks()
    b = blocks.builder
    per_head = blocks.split_heads(blocks.x, 2, keys=True)  # (2, 3, 4): row (h, e) runs over the tokens
    graph = blocks.graph(blocks.requantise(b.add(MatMul(), per_head, blocks.random(4, 3))))
    after = expose_token_mix(graph)
    assert_keeps_values(graph, after)
    assert any(isinstance(n.op, MatMul) and after.tensors[n.inputs[0]].is_constant for n in after.nodes)


def test_a_product_along_the_channels_is_not_a_token_mix() -> None:
    blocks = Blocks(tokens=6, channels=6)
    graph = blocks.graph(blocks.linear(blocks.builder.add(Reshape((6, 6)), blocks.x), 6))
    assert serialise.dumps(expose_token_mix(graph)) == serialise.dumps(graph)


def test_movement_sinks_behind_element_wise_ops_with_scalars() -> None:
    blocks = Blocks()
    b = blocks.builder
    y = b.add(Transpose((1, 0)), b.add(Reshape((4, 6)), blocks.linear(blocks.x, 6)))
    for _ in range(2):
        y = blocks.table(blocks.requantise(b.add(Add(), y, blocks.scalar())))
    graph = blocks.graph(y)
    after = sink_movement(graph)
    assert_keeps_values(graph, after)
    kinds = [type(n.op) for n in after.nodes]
    first = next(i for i, kind in enumerate(kinds) if kind in PERMUTATIONS)
    assert all(kind in PERMUTATIONS for kind in kinds[first:])


def test_movement_stays_in_front_of_a_constant_that_varies() -> None:
    blocks = Blocks()
    b = blocks.builder
    moved = b.add(Reshape((6, 4)), blocks.x)
    graph = blocks.graph(b.add(Add(), moved, blocks.random(4)))
    assert serialise.dumps(sink_movement(graph)) == serialise.dumps(graph)


@pytest.mark.parametrize("shape", [(4,), (6, 1), (6, 4), (1, 4), (1, 1)])
def test_a_constant_follows_through_a_transpose(shape: tuple[int, ...]) -> None:
    blocks = Blocks()
    b = blocks.builder
    graph = blocks.graph(b.add(Add(), b.add(Transpose((1, 0)), blocks.x), blocks.random(*shape)))
    after = sink_movement(graph)
    assert_keeps_values(graph, after)
    assert [type(n.op) for n in after.nodes] == [Add, Transpose]


def test_movement_that_several_read_stays() -> None:
    blocks = Blocks()
    moved = blocks.builder.add(Transpose((1, 0)), blocks.x)
    for outputs in ((blocks.requantise(moved), blocks.table(moved)), (blocks.requantise(moved), moved)):
        graph = blocks.graph(*outputs)
        after = sink_movement(graph)
        assert_keeps_values(graph, after)
        assert [n.output for n in after.nodes if isinstance(n.op, Transpose)] == [moved]


def test_five_thousand_movements_in_a_row_pass() -> None:
    builder = GraphBuilder()
    y = builder.input((2, 3), FixedType(True, 8, 4))
    for i in range(5000):
        y = builder.add(Reshape((6,) if i % 2 else (3, 2)), y)
    graph = builder.build([builder.add(Requantise(FixedType(True, 8, 3)), y)])
    assert_keeps_values(graph, canonicalise(graph))


def test_a_slice_five_thousand_nodes_behind_its_product_passes() -> None:
    blocks = Blocks()
    y = blocks.linear(blocks.x, 12)
    for i in range(5000):
        y = blocks.requantise(y, FixedType(True, 8, 3 + i % 2))
    graph = blocks.graph(blocks.builder.add(Slice(-1, 0, 6), y))
    assert_keeps_values(graph, canonicalise(graph))


def test_a_chain_of_five_thousand_nodes_passes() -> None:
    builder = GraphBuilder()
    y = builder.add(Transpose((1, 0)), builder.input((2, 3), FixedType(True, 8, 4)))
    for i in range(5000):
        y = builder.add(Requantise(FixedType(True, 8, 3 + i % 2)), y)
    graph = builder.build([y])
    assert_keeps_values(graph, canonicalise(graph))
    assert all(isinstance(n.op, (*ELEMENTWISE, Transpose)) and not isinstance(n.op, Table) for n in graph.nodes)
