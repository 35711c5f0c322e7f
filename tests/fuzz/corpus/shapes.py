"""Crashes and wrong bits of movements, odd shapes and ports."""

from __future__ import annotations

import numpy as np

from tests.fuzz.corpus.entry import entry
from tests.fuzz.corpus.imports import dense
from tests.support.qonnx import ModelBuilder, weights


@entry("no hardware kernel covers")
def columns_as_tokens(b: ModelBuilder) -> str:
    """A scan by columns: one feature a token."""
    x = b.node("Transpose", b.quant(b.input(1, 1, 4, 6), 6, 3), perm=[0, 1, 3, 2])
    return dense(b, b.node("Reshape", x, b.ints(1, 24, 1)), 1, 3)


@entry()
def scalar_of_four_axes(b: ModelBuilder) -> str:
    x = b.node("Reshape", b.quant(b.input(1, 8), 6, 3), b.ints(1, 8, 1, 1))
    return b.quant(b.node("Mul", x, b.const(np.full((1, 1, 1, 1), 0.75))), 6, 2)


@entry()
def one_output_twice(b: ModelBuilder) -> tuple[str, ...]:
    y = dense(b, b.quant(b.input(1, 4, 4)), 4, 3)
    return b.node("Identity", y), b.node("Identity", y)


@entry()
def scalar_by_a_row(b: ModelBuilder) -> str:
    x = b.node("Reshape", b.quant(b.input(1), 6, 3), b.ints(1, 1, 1))
    return b.quant(b.node("MatMul", x, b.weights(weights(1, 5), 4, 2)), 6, 2)


@entry()
def vector_product(b: ModelBuilder) -> str:
    """MatMul with a vector: one output."""
    return b.quant(b.node("MatMul", b.quant(b.input(1, 4, 8)), b.weights(weights(8), 4, 2)), 8, 3)


@entry()
def quantiser_with_spare_range_then_a_shift(b: ModelBuilder) -> str:
    """The shift had the narrower type of its proven range, the beats of its source had not."""
    x = dense(b, b.quant(b.input(1, 5, 4), 4, 3), 4, 3)
    return b.quant(b.node("Mul", x, b.const(0.25)), 6, 3)


@entry()
def relu_in_a_signed_quantiser_then_windows(b: ModelBuilder) -> str:
    x = b.quant(b.node("Relu", b.quant(b.input(1, 3, 8))), 8, 4)
    y = b.quant(b.node("Conv", x, b.weights(weights(4, 3, 3), 4, 2)), 8, 2)
    return b.quant(b.node("GlobalMaxPool", y), 6, 1)


@entry()
def one_token_of_smaller_range(b: ModelBuilder) -> str:
    """x + positions, of which the first token is the smallest."""
    positions = np.arange(20).reshape(1, 5, 4) * 0.25
    x = b.node("Add", b.quant(b.input(1, 5, 4)), b.const(positions))
    return dense(b, b.node("Gather", x, b.const(0, np.int64), axis=1), 4, 3)


@entry()
def table_behind_a_slice(b: ModelBuilder) -> str:
    x = b.quant(b.node("MatMul", b.quant(b.input(1, 6, 4), 8, 5), b.weights(weights(4, 4), 3, 2)), 8, 1)
    part = b.node("Slice", x, b.ints(0), b.ints(3), b.ints(1))
    return dense(b, b.quant(b.node("Tanh", part), 8, 6), 4, 3)


@entry()
def output_that_an_identity_made(b: ModelBuilder) -> str:
    """It keeps its name."""
    return b.node("Identity", dense(b, b.quant(b.input(1, 2, 4)), 4, 3))
