"""Attention as others write it: heads that share keys, no softmax, masks, the op of operator set 23."""

from __future__ import annotations

import numpy as np

from tests.fuzz.corpus.entry import entry
from tests.fuzz.corpus.imports import dense
from tests.support.qonnx import ModelBuilder

TOKENS, HEADS, SIZE = 5, 2, 4


def split(b: ModelBuilder, x: str, heads: int = HEADS) -> str:
    """(1, tokens, heads * size) to (1, heads, tokens, size)."""
    return b.node("Transpose", b.node("Reshape", x, b.ints(1, TOKENS, heads, SIZE)), perm=[0, 2, 1, 3])


def joined(b: ModelBuilder, y: str) -> str:
    """Back again."""
    return b.node("Reshape", b.node("Transpose", y, perm=[0, 2, 1, 3]), b.ints(1, TOKENS, HEADS * SIZE))


def projections(b: ModelBuilder, keys: int = HEADS) -> list[str]:
    """Queries, keys and values by heads."""
    x = b.quant(b.input(1, TOKENS, HEADS * SIZE))
    return [split(b, dense(b, x, HEADS * SIZE, heads * SIZE), heads) for heads in (HEADS, keys, keys)]


def scored(b: ModelBuilder, q: str, k: str) -> str:
    """Real scores."""
    return b.node("MatMul", q, b.node("Transpose", k, perm=[0, 1, 3, 2]))


def softmax(b: ModelBuilder, scores: str) -> str:
    """Of tables."""
    scores = b.quant(scores, 8, 3)
    centred = b.quant(b.node("Sub", scores, b.node("ReduceMax", scores, axes=[-1])), 8, 3)
    powers = b.quant(b.node("Exp", centred), 8, 8, signed=False)
    total = b.quant(b.node("ReduceSum", powers, b.ints(-1)), 10, 6, signed=False)
    inverse = b.quant(b.node("Reciprocal", b.node("Max", total, b.const(2.0**-6))), 10, 9, signed=False)
    return b.quant(b.node("Mul", powers, inverse), 8, 8, signed=False)


@entry()
def heads_of_table_softmax(b: ModelBuilder) -> str:
    q, k, v = projections(b)
    return joined(b, b.quant(b.node("MatMul", softmax(b, scored(b, q, k)), v), 8, 2))


@entry("Attention has a softmax, and as many heads of keys and values as of queries")
def heads_that_share_keys_and_values(b: ModelBuilder) -> str:
    q, k, v = projections(b, 1)
    return joined(b, b.quant(b.node("MatMul", softmax(b, scored(b, q, k)), v), 8, 2))


@entry("Attention has a softmax, and as many heads of keys and values as of queries")
def heads_that_expand_keys_and_values(b: ModelBuilder) -> str:
    q, *shared = projections(b, 1)
    k, v = (b.node("Expand", each, b.ints(1, HEADS, TOKENS, SIZE)) for each in shared)
    return joined(b, b.quant(b.node("MatMul", softmax(b, scored(b, q, k)), v), 8, 2))


@entry("Attention has a softmax, and as many heads of keys and values as of queries")
def heads_of_relu(b: ModelBuilder) -> str:
    q, k, v = projections(b)
    rows = b.quant(b.node("Relu", b.quant(scored(b, q, k), 8, 3)), 8, 3, signed=False)
    return joined(b, b.quant(b.node("MatMul", rows, v), 8, 2))


@entry("no hardware kernel covers")
def attention_to_constant_values(b: ModelBuilder) -> str:
    """Weights are no stream: no buffer could be loaded with them."""
    x = b.quant(b.input(1, TOKENS, SIZE))
    q, k = (dense(b, x, SIZE, SIZE) for _ in range(2))
    scores = b.node("MatMul", q, b.node("Transpose", k, perm=[0, 2, 1]))
    values = b.weights(np.arange(TOKENS * SIZE).reshape(1, TOKENS, SIZE) / 16 - 0.5, 6, 4)
    return b.quant(b.node("MatMul", softmax(b, scores), values), 8, 3)


@entry(mode="near-exact")
def scaled_dot_product_attention(b: ModelBuilder) -> str:
    """As torch exports it: both operands scaled by a root of what Shape gives."""
    q, k, v = projections(b)
    size = b.node("Cast", b.node("Slice", b.node("Shape", q), b.ints(-1), b.ints(2**31 - 1)), to=1)
    factor = b.node("Sqrt", b.node("Div", b.const([1.0]), b.node("Sqrt", size)))
    turned = b.node("Transpose", k, perm=[0, 1, 3, 2])
    scores = b.node("MatMul", b.node("Mul", q, factor), b.node("Mul", turned, factor))
    return joined(b, b.quant(b.node("MatMul", b.node("Softmax", scores, axis=-1), v), 8, 4))


@entry(mode="near-exact")
def mask_of_minus_infinity(b: ModelBuilder) -> str:
    """masked_fill: Where with a constant condition."""
    q, k, v = projections(b)
    mask = b.const(np.triu(np.ones((1, 1, TOKENS, TOKENS)), 1), np.bool_)
    scores = b.node("Div", scored(b, q, k), b.const(2.0))
    rows = b.node("Softmax", b.node("Where", mask, b.const(-np.inf), scores), axis=-1)
    return joined(b, b.quant(b.node("MatMul", rows, v), 8, 4))


@entry("export it as MatMul and Softmax", mode="near-exact", opset=23)
def attention_op(b: ModelBuilder) -> str:
    x = b.quant(b.input(1, TOKENS, HEADS * SIZE))
    operands = [dense(b, x, HEADS * SIZE, HEADS * SIZE) for _ in range(3)]
    return b.quant(b.node("Attention", *operands, q_num_heads=HEADS, kv_num_heads=HEADS), 8, 4)
