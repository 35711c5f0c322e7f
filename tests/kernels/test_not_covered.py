"""Graphs that no set of kernels covers: every node left over is named."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.ir.ops import Add, MatMul, Mul, ReduceSum, Slice, Transpose
from hwflow.kernels.network import kernel_graph
from hwflow.limits import Limits
from tests.support.blocks import Blocks


def refusal(blocks: Blocks, *outputs: str) -> str:
    with pytest.raises(UserError) as caught:
        kernel_graph(blocks.graph(*outputs), 200.0)
    return str(caught.value)


def test_all_nodes_left_over_are_named_at_once() -> None:
    blocks = Blocks()
    b = blocks.builder
    sliced = b.add(Slice(-2, -1, -5, -1), blocks.linear(blocks.x, 6))
    half = b.add(Slice(-2, -1, -5, -2), sliced)
    b.name(sliced, "back <b>")
    b.name(half, "half")
    text = refusal(blocks, blocks.linear(half, 3))
    assert "2 node(s) that no hardware kernel covers: Slice [4, 6] ('back <b>'); Slice [2, 6] ('half')" in text
    assert "Rewrite the nodes named." in text


def test_a_product_of_two_tensors_that_is_no_attention() -> None:
    blocks = Blocks()
    y = blocks.requantise(blocks.builder.add(MatMul(), blocks.x, blocks.builder.add(Transpose((1, 0)), blocks.x)))
    assert "MatMul [4, 4]" in refusal(blocks, y)


def test_attention_whose_heads_are_interleaved_in_another_order() -> None:
    blocks = Blocks()
    b = blocks.builder
    q, k, v = (blocks.linear(blocks.x, 6) for _ in range(3))
    scores = blocks.requantise(b.add(MatMul(), blocks.split_heads(q, 2), blocks.split_heads(k, 2, keys=True)))
    y = b.add(MatMul(), blocks.softmax(scores), blocks.split_heads(v, 2))
    wrong = b.add(Transpose((0, 2, 1)), y)  # (heads, d, tokens) is not the order of (tokens, heads * d)
    assert re.search("MatMul|order", refusal(blocks, blocks.requantise(b.add(Transpose((2, 0, 1)), wrong))))


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_to_constant_values(heads: int) -> None:
    """Weights are no stream: no buffer could be loaded with them."""
    blocks = Blocks()
    b = blocks.builder
    q, k = (blocks.linear(blocks.x, 6) for _ in range(2))
    scores = blocks.requantise(b.add(MatMul(), blocks.split_heads(q, heads), blocks.split_heads(k, heads, keys=True)))
    values = blocks.random(*((heads,) if heads > 1 else ()), 4, 6 // heads)
    y = blocks.requantise(b.add(MatMul(), blocks.softmax(scores), values))
    y = b.add(Transpose((1, 0, 2)), y) if heads > 1 else y
    assert "MatMul" in refusal(blocks, blocks.flatten(y) if heads > 1 else y)


def test_what_to_do_is_said_in_the_words_of_the_model() -> None:
    blocks = Blocks(tokens=6, channels=6)
    turned = blocks.builder.add(Transpose((1, 0)), blocks.x)
    both = blocks.requantise(blocks.builder.add(Add(), blocks.x, turned))
    assert "Leave out the Transpose at an input" in refusal(blocks, both)
    blocks = Blocks(tokens=6, channels=6)
    scores = blocks.builder.add(MatMul(), blocks.x, blocks.builder.add(Transpose((1, 0)), blocks.x))
    assert "Attention has a softmax, and as many heads" in refusal(blocks, blocks.requantise(scores))


def test_a_sum_of_a_matrix_and_itself_turned() -> None:
    blocks = Blocks(tokens=6, channels=6)
    y = blocks.linear(blocks.x, 6)
    both = blocks.requantise(blocks.builder.add(Add(), y, blocks.builder.add(Transpose((1, 0)), y)))
    assert re.search(r"another order|Transpose \[6, 6\]", refusal(blocks, both))


def test_a_transpose_in_front_of_the_output_moves_nothing() -> None:
    blocks = Blocks(tokens=6, channels=5)
    turned = blocks.builder.add(Transpose((1, 0)), blocks.linear(blocks.x, 7))
    network = kernel_graph(blocks.graph(turned), 200.0)
    values = np.arange(84).reshape(2, 7, 6)
    assert np.array_equal(network.streamed(0, values), values.transpose(0, 2, 1))
    assert np.array_equal(network.filed(0, values.transpose(0, 2, 1).reshape(2, -1)), values)
    assert [kernel.kind for kernel in network.kernels] == ["linear"]


def test_a_sum_over_the_heads() -> None:
    blocks = Blocks()
    split = blocks.split_heads(blocks.linear(blocks.x, 6), 2)
    assert "ReduceSum" in refusal(blocks, blocks.requantise(blocks.builder.add(ReduceSum(-3), split)))


def test_streams_of_different_lengths_do_not_join() -> None:
    blocks = Blocks()
    one = blocks.requantise(blocks.builder.add(ReduceSum(-1), blocks.linear(blocks.x, 6)))
    again = blocks.builder.add(Add(), blocks.builder.add(Mul(), blocks.x, one), one)
    assert "[4, 6]" in refusal(blocks, blocks.requantise(again))


def test_nothing_to_compute() -> None:
    assert "nothing to compute" in refusal(Blocks(), "t0")


def test_more_operations_than_a_kernel_has_stages_for(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = Blocks()
    x = blocks.x
    for _ in range(4):
        x = blocks.builder.add(Add(), x, blocks.x)
    monkeypatch.setattr("hwflow.kernels.partition.LIMITS", Limits(kernel_nodes=3))
    assert "found 4 operations in a row without a layer between them; expected at most 3" in refusal(blocks, x)
