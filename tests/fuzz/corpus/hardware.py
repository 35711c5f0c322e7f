"""Wrong bits and refusals of tools behind the importer."""

from __future__ import annotations

import numpy as np

from tests.fuzz.corpus.entry import entry
from tests.fuzz.corpus.imports import dense
from tests.support.qonnx import ModelBuilder, weights


@entry()
def limit_above_the_range(b: ModelBuilder) -> str:
    x = b.node("Clip", b.quant(b.input(1, 2, 4), 3, 3), b.const(0.875), b.const(1.0))
    return b.quant(b.node("Mul", x, b.const(0.75)), 6, 6, signed=False)


@entry()
def maximum_above_the_range(b: ModelBuilder) -> str:
    x = b.node("Max", b.quant(b.input(1, 2, 4), 3, 3), b.const(0.875))
    return b.quant(b.node("Mul", x, b.const(0.75)), 6, 6, signed=False)


@entry()
def one_signed_bit(b: ModelBuilder) -> str:
    return b.quant(b.quant(b.input(1, 1, 4), 8, 6, signed=False), 1, 1)


@entry()
def outer_product(b: ModelBuilder) -> str:
    y = b.node("MatMul", b.weights(weights(8, 1), 4, 2), b.quant(b.input(1, 1, 5)))
    return b.quant(y, 8, 3)


@entry()
def constant_table(b: ModelBuilder) -> str:
    return b.quant(b.node("Round", b.quant(b.input(1, 3, 4), 8, 8)), 8, 6)


@entry()
def saturated_table(b: ModelBuilder) -> str:
    x = b.node("Add", b.quant(b.input(1, 3, 4), 8, 6), b.const(8.0))
    return b.quant(b.node("Exp", x), 8, 4, signed=False)


@entry()
def zero_weights(b: ModelBuilder) -> str:
    x = b.quant(b.node("MatMul", b.quant(b.input(1, 3, 4)), b.const(np.zeros((4, 3)))), 8, 3)
    return dense(b, x, 3, 2)


@entry("is constant")
def padding_alone(b: ModelBuilder) -> str:
    """A window that meets nothing else."""
    x = b.quant(b.input(1, 1, 1), 4, 0, signed=False)
    y = b.node("Conv", x, b.const(np.ones((3, 1, 1))), kernel_shape=[1], pads=[1, 0], strides=[2])
    return b.quant(y, 5, 3, signed=False)


@entry()
def masked_attention(b: ModelBuilder) -> str:
    """A constant mask whose running maximum compares whole terms, whatever the folds."""
    x = b.quant(b.input(1, 5, 4))
    q, k, v = (dense(b, x, 4, 4, 6, 2) for _ in range(3))
    scores = b.node("MatMul", q, b.node("Transpose", k, perm=[0, 2, 1]))
    mask = np.where(np.triu(np.ones((5, 5)), 1) > 0, -128.0, 0.0)
    scores = b.quant(b.node("Add", b.node("Mul", scores, b.const(0.5)), b.const(mask)), 8, 2)
    centred = b.node("Sub", scores, b.node("ReduceMax", scores, axes=[-1]))
    powers = b.quant(b.node("Exp", centred), 7, 6, signed=False)
    total = b.quant(b.node("ReduceSum", powers, b.ints(-1)), 9, 5, signed=False)
    inverse = b.quant(b.node("Reciprocal", b.node("Max", total, b.const(2.0**-5))), 8, 6, signed=False)
    rows = b.quant(b.node("Mul", powers, inverse), 8, 7, signed=False)
    return b.quant(b.node("MatMul", rows, v), 8, 4)


@entry(mode="near-exact")
def two_models_in_one(b: ModelBuilder) -> tuple[str, str]:
    """Nothing connects them, and each runs at its own pace."""
    rows = b.node("Softmax", b.quant(b.input(2, 2), 6, 3), axis=-1)
    return b.quant(b.input(1, 3, 1, name="other"), 8, 0), b.quant(rows, 8, 7, signed=False)


@entry()
def attention_to_one_token_summed(b: ModelBuilder) -> str:
    """Its output has no axis left."""
    x, zero = b.quant(b.input(1, 1, 1), 8, 6), b.const(np.zeros((1, 1, 1)))
    keys = b.node("Concat", zero, b.quant(b.input(1, 1, 1, name="other"), 8, 6), axis=1)
    powers = b.quant(b.node("MatMul", x, b.node("Transpose", keys, perm=[0, 2, 1])), 8, 6, signed=False)
    total = b.quant(b.node("ReduceSum", powers, b.ints(-1)), 8, 5, signed=False)
    rows = b.quant(b.node("Mul", powers, b.quant(total, 8, 5, signed=False)), 8, 7, signed=False)
    return b.node("ReduceMean", b.quant(b.node("MatMul", rows, keys), 8, 4), keepdims=0)
