"""Images come to the kernels channels last: no value changes, and no movement is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.ir import reference, serialise
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, MatMul, Requantise, Reshape, Slice, Transpose, Window
from hwflow.ir.types import FixedType
from hwflow.passes import canonicalise
from hwflow.passes.channels_last import channels_last
from tests.passes.test_passes import assert_keeps_values
from tests.support.exact import imported
from tests.support.qonnx import ModelBuilder, weights


def assert_streams(graph: Graph) -> None:
    """No movement is left but right in front of outputs that are images."""
    for node in graph.nodes:
        real = [n for n in (graph.tensors[node.inputs[0]].shape[i] for i in getattr(node.op, "perm", ())) if n > 1]
        if isinstance(node.op, Transpose) and len(real) > 1:
            assert node.output in graph.outputs, node


def conv(m: ModelBuilder, x: str, *shape: int, **given: object) -> str:
    return m.quant(m.node("Conv", x, m.weights(weights(*shape)), m.const(np.ones(shape[0])), **given), 8, 3)  # type: ignore[arg-type]


def checked(tmp_path: Path, m: ModelBuilder, *outputs: str) -> Graph:
    """The canonical graph of a model that is exact; passes keep its values."""
    graph = imported(tmp_path, m, *outputs).graph
    after = canonicalise(graph)
    assert_keeps_values(graph, channels_last(graph))
    assert_keeps_values(graph, after)
    assert_streams(after)
    return after


def start(m: ModelBuilder, channels: int = 4, *size: int) -> str:
    """An image behind a first convolution."""
    return conv(m, m.quant(m.input(1, 3, *(size or (6, 5))), 8, 4), channels, 3, 3, 3, pads=[1, 1, 1, 1])


def test_residual_sums_meet_as_tokens(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = start(m)
    x = m.quant(m.node("Add", conv(m, x, 4, 1, 3, 3, group=4, pads=[1, 1, 1, 1]), x), 8, 3)
    x = m.quant(m.node("Add", x, conv(m, m.node("Relu", conv(m, x, 8, 4, 1, 1)), 4, 8, 1, 1)), 8, 3)
    x = m.node("Relu", x, name="positive")
    graph = checked(tmp_path, m, m.quant(m.node("GlobalAveragePool", x), 8, 5))
    assert "positive (channels last)" in graph.names.values()
    assert all(len(graph.tensors[n.output].shape) == 2 for n in graph.nodes if isinstance(n.op, (Add, Requantise)))


def test_squeeze_and_excite(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = start(m, 4, 4, 4)
    gate = conv(m, m.node("Relu", conv(m, m.quant(m.node("GlobalAveragePool", x), 8, 4), 2, 4, 1, 1)), 4, 2, 1, 1)
    gate = m.quant(m.node("Sigmoid", gate), 8, 7, signed=False)
    graph = checked(tmp_path, m, conv(m, m.quant(m.node("Mul", x, gate), 8, 3), 2, 4, 1, 1))
    shapes = [tuple(t.shape for t in graph.inputs_of(n)) for n in graph.nodes if type(n.op).__name__ == "Mul"]
    assert ((16, 4), (1, 4)) in shapes


def test_channels_are_split_and_joined(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = start(m)
    a, b = m.nodes_of("Split", 2, x, m.ints(1, 3), axis=1)
    joined = m.node("Concat", conv(m, a, 2, 1, 1, 1), b, axis=1)
    graph = checked(tmp_path, m, conv(m, m.node("Relu", joined), 2, 5, 1, 1))
    assert all(n.op.axis == -1 for n in graph.nodes if isinstance(n.op, Slice))


def test_slices_of_a_packed_projection_reach_the_product(tmp_path: Path) -> None:
    m = ModelBuilder()
    packed = conv(m, start(m), 9, 4, 1, 1)
    parts = m.nodes_of("Split", 3, packed, m.ints(2, 3, 4), axis=1)
    graph = checked(tmp_path, m, *(m.quant(m.node("Mul", p, p), 8, 2) for p in parts))
    assert not any(isinstance(n.op, Slice) for n in graph.nodes)


def group_norm(m: ModelBuilder, x: str, channels: int, pixels: int) -> str:
    """As the exact front ends write it: one row, then the affine map per channel."""
    row = m.node("Reshape", x, m.ints(1, 1, channels * pixels))
    total = m.node("ReduceSum", row, m.ints(-1))
    centred = m.quant(m.node("Sub", row, m.quant(m.node("Mul", total, m.const(2.0**-6)), 8, 4)), 8, 3)
    power = m.quant(m.node("ReduceSum", m.node("Mul", centred, centred), m.ints(-1)), 12, -2, signed=False)
    factor = m.quant(m.node("Reciprocal", m.node("Sqrt", m.node("Add", power, m.const(1.0)))), 10, 8, signed=False)
    y = m.node("Reshape", m.node("Mul", centred, factor), m.ints(1, channels, 4, pixels // 4))
    scaled = m.node("Mul", m.quant(y, 8, 6), m.weights(weights(1, channels, 1, 1)))
    return m.quant(m.node("Add", scaled, m.quant(m.const(weights(1, channels, 1, 1)), 8, 4)), 8, 3)


def test_a_norm_over_all_of_a_frame_needs_no_order(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = group_norm(m, start(m, 4, 4, 4), 4, 16)
    graph = checked(tmp_path, m, conv(m, y, 2, 4, 1, 1))
    rows = [n for n in graph.nodes if graph.tensors[n.output].shape == (1, 64)]
    assert (
        isinstance(rows[0].op, Reshape) and len(rows) == 6
    )  # row, centred and squared, normalised; two of them rounded


def test_sums_over_channels_and_pixels_at_once(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = start(m, 4, 4, 4)
    mean = m.quant(m.node("ReduceMean", x, axes=[1, 2, 3]), 8, 5)
    checked(tmp_path, m, conv(m, m.quant(m.node("Sub", x, mean), 8, 3), 2, 4, 1, 1))


def attend(m: ModelBuilder, x: str, packed: bool, *head: int) -> str:
    """One head over the pixels, as SHViT's: q^T k, softmax over keys, v times its transpose."""
    shapes, swap = [2, 2, 4], [*range(1 + len(head)), 2 + len(head), 1 + len(head)]
    if packed:
        parts = m.nodes_of("Split", 3, conv(m, x, 8, 4, 1, 1), m.ints(*shapes), axis=1)
    else:
        parts = [conv(m, x, n, 4, 1, 1) for n in shapes]
    q, k, v = (m.node("Reshape", part, m.ints(1, *head, n, 20)) for part, n in zip(parts, shapes, strict=True))
    scores = m.quant(m.node("Mul", m.node("MatMul", m.node("Transpose", q, perm=swap), k), m.const(0.5)), 8, 3)
    powers = m.quant(m.node("Exp", m.node("Sub", scores, m.node("ReduceMax", scores, axes=[-1]))), 8, 8, signed=False)
    total = m.quant(m.node("Reciprocal", m.node("ReduceSum", powers, m.ints(-1))), 10, 10, signed=False)
    weights_ = m.quant(m.node("Mul", powers, total), 8, 8, signed=False)
    mixed = m.node("MatMul", v, m.node("Transpose", weights_, perm=swap))
    return m.quant(m.node("Reshape", mixed, m.ints(1, 4, 5, 4)), 8, 3)


@pytest.mark.parametrize("head", [(), (1,)], ids=["matrices", "one head"])
@pytest.mark.parametrize("packed", [False, True])
def test_attention_over_pixels_is_found_by_the_partition(tmp_path: Path, packed: bool, head: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = start(m, 4, 5, 4)
    y = m.node("Concat", attend(m, x, packed, *head), x, axis=1)
    graph = imported(tmp_path, m, conv(m, y, 2, 8, 1, 1)).graph
    after = canonicalise(graph)
    assert_keeps_values(graph, after)
    dynamic = [n for n in after.nodes if isinstance(n.op, MatMul) and not after.tensors[n.inputs[1]].is_constant]
    assert [after.tensors[n.output].shape for n in dynamic] == [(*head, 20, 20), (*head, 20, 4)]
    moved = [n for n in after.nodes if isinstance(n.op, Transpose) and n.output not in after.outputs]
    assert [n.output for n in moved] == [dynamic[0].inputs[1]]
    assert not any(isinstance(n.op, Slice) for n in after.nodes)


def test_a_flattened_image_is_weighted_in_its_own_order(tmp_path: Path) -> None:
    m = ModelBuilder()
    flat = m.node("Flatten", start(m))
    checked(tmp_path, m, m.quant(m.node("MatMul", flat, m.weights(weights(120, 3))), 8, 2))


def test_a_product_of_pixels_with_the_constant_on_the_left(tmp_path: Path) -> None:
    m = ModelBuilder()
    rows = m.node("Reshape", start(m), m.ints(1, 4, 30))
    y = m.quant(m.node("MatMul", m.weights(weights(2, 4)), rows), 8, 2)
    checked(tmp_path, m, m.quant(m.node("MatMul", m.node("Flatten", y), m.weights(weights(60, 2))), 8, 2))


def test_a_sequence(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = conv(m, m.quant(m.input(1, 3, 9), 8, 4), 4, 3, 3, strides=[2], pads=[1, 1])
    x = m.quant(m.node("Add", conv(m, x, 4, 1, 3, group=4, pads=[1, 1]), x), 8, 3)
    y = m.node("MatMul", m.node("Transpose", x, perm=[0, 2, 1]), m.weights(weights(4, 2)))
    graph = checked(tmp_path, m, m.quant(y, 8, 2))
    assert sum(isinstance(n.op, Window) for n in graph.nodes) == 2


def test_an_image_arrives_channels_last_and_real_data_stay_as_they_are(tmp_path: Path) -> None:
    m = ModelBuilder()
    before = imported(tmp_path, m, m.quant(m.node("GlobalAveragePool", start(m)), 8, 5)).graph
    after = canonicalise(before)
    (old,), (port,) = before.inputs, after.inputs
    assert (before.tensors[old].shape, after.tensors[port].shape) == ((3, 6, 5), (6, 5, 3))
    assert after.file_shape(port) == (3, 6, 5)
    assert after.names[port] == before.names[old]
    assert serialise.loads(serialise.dumps(after)).orders == after.orders == {port: (1, 2, 0)}
    data = np.random.default_rng(0).normal(size=(4, 3, 6, 5))
    results = [
        reference.run(graph, {id: reference.quantise_input(graph, id, data)})[graph.outputs[0]]
        for graph, id in ((before, old), (after, port))
    ]
    assert np.array_equal(*results)


def test_an_image_that_is_read_channels_first_too(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.node("Relu", m.quant(m.input(1, 3, 4, 4), 8, 4))
    y = conv(m, x, 2, 3, 3, 3)
    z = m.quant(m.node("MatMul", x, m.weights(weights(4, 2))), 8, 2)
    graph = imported(tmp_path, m, m.quant(m.node("GlobalAveragePool", y), 8, 2), z).graph
    assert_keeps_values(graph, canonicalise(graph))


@pytest.mark.parametrize("size", [(6, 5), (7,)])
def test_an_image_that_is_first_met_by_a_pointwise_kernel_arrives_channels_last(
    tmp_path: Path, size: tuple[int, ...]
) -> None:
    m = ModelBuilder()
    x = m.node("Relu", m.quant(m.input(1, 3, *size), 8, 4, narrow=True))
    y = conv(m, x, 4, 3, *(1,) * len(size))
    graph = checked(tmp_path, m, m.quant(m.node("GlobalMaxPool", y), 8, 3))
    assert graph.orders == {graph.inputs[0]: (1, 2, 0) if len(size) == 2 else (1, 0)}


def test_a_product_along_the_tokens_keeps_the_order_of_its_input(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 6, 4), 8, 4)
    y = m.node("MatMul", m.node("Transpose", x, perm=[0, 2, 1]), m.weights(weights(6, 2)))
    assert not canonicalise(imported(tmp_path, m, m.quant(y, 8, 3)).graph).orders


def test_the_pass_takes_time_in_proportion_to_the_nodes(tmp_path: Path) -> None:
    """Each of 2,000 windows reads the end of a chain of 2,000 nodes."""
    builder = GraphBuilder()
    y = builder.add(Transpose((1, 2, 0)), builder.input((1, 2, 2), FixedType(True, 8, 4)))
    for i in range(2000):
        y = builder.add(Requantise(FixedType(True, 8, 3 + i % 2)), y)
    graph = builder.build([builder.add(Window((1, 1)), y) for _ in range(2000)])
    assert channels_last(graph).orders
