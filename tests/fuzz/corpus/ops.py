"""Ops that other exporters write, in front of ports and between layers."""

from __future__ import annotations

import numpy as np

from tests.fuzz.corpus.entry import entry
from tests.fuzz.corpus.imports import dense
from tests.support.qonnx import ModelBuilder, weights


def row(b: ModelBuilder, *shape: int | str) -> str:
    """A quantised input, (1, 4, 8) if no shape is given."""
    return b.quant(b.input(*(shape or (1, 4, 8))))


def conv(b: ModelBuilder, x: str, *shape: int, **attributes: int | list[int]) -> str:
    """A quantised convolution."""
    return b.quant(b.node("Conv", x, b.weights(weights(*shape), 4, 2), **attributes), 8, 3)


@entry()
def einsum(b: ModelBuilder) -> str:
    return b.quant(b.node("Einsum", row(b), b.weights(weights(8, 2, 3), 4, 2), equation="btd,dhk->bthk"), 8, 3)


@entry()
def where_of_a_constant_condition(b: ModelBuilder) -> str:
    below = b.const(np.tril(np.ones((1, 4, 4))), np.bool_)
    return b.quant(b.node("Where", below, row(b, 1, 4, 4), b.const(-8.0)), 8, 3)


@entry()
def sum_of_three(b: ModelBuilder) -> str:
    x = row(b)
    return b.quant(b.node("Sum", x, x, x), 8, 3)


@entry()
def maximum_of_two(b: ModelBuilder) -> str:
    x = row(b)
    return b.quant(b.node("Max", x, dense(b, x, 8, 8)), 8, 3)


@entry()
def parametric_relu(b: ModelBuilder) -> str:
    return b.quant(b.node("PRelu", row(b), b.const([0.25])), 8, 3)


@entry()
def expanded(b: ModelBuilder) -> str:
    return b.quant(b.node("Expand", row(b, 1, 1, 8), b.ints(1, 4, 8)), 8, 3)


@entry()
def scattered_tokens(b: ModelBuilder) -> str:
    return dense(b, b.node("Gather", row(b), b.ints(3, 0, 1), axis=1), 8, 3)


@entry("repeat rows and columns by Concat")
def resize(b: ModelBuilder) -> str:
    return b.quant(b.node("Resize", row(b, 1, 3, 4, 4), "", b.const([1.0, 1.0, 2.0, 2.0]), mode="nearest"), 8, 3)


@entry("write it as an upsampling and a Conv")
def transposed_convolution(b: ModelBuilder) -> str:
    kernel = b.weights(weights(3, 4, 2, 2), 4, 2)
    return b.quant(b.node("ConvTranspose", row(b, 1, 3, 4, 4), kernel, strides=[2, 2]), 8, 3)


@entry()
def dilated(b: ModelBuilder) -> str:
    return conv(b, row(b, 1, 2, 6, 6), 3, 2, 3, 3, dilations=[2, 2])


@entry()
def grouped(b: ModelBuilder) -> str:
    return conv(b, row(b, 1, 4, 4, 4), 6, 2, 3, 3, group=2)


@entry()
def depthwise_with_a_multiplier(b: ModelBuilder) -> str:
    return conv(b, row(b, 1, 3, 4, 4), 6, 1, 3, 3, group=3)


@entry()
def padded_maximum_of_signed_numbers(b: ModelBuilder) -> str:
    return b.quant(b.node("MaxPool", row(b, 1, 2, 4, 4), kernel_shape=[3, 3], pads=[1, 1, 1, 1]), 8, 3)


@entry()
def batch_axis_with_a_name(b: ModelBuilder) -> str:
    return dense(b, b.node("Relu", row(b, "N", 4, 8)), 8, 3)


@entry()
def rounding_up(b: ModelBuilder) -> str:
    y = b.node("MatMul", row(b), b.weights(weights(8, 4), 4, 2))
    return b.quant(y, 8, 3, rounding="CEIL")


@entry()
def rounding_of_halves_up(b: ModelBuilder) -> str:
    y = b.node("MatMul", row(b), b.weights(weights(8, 4), 4, 2))
    return b.quant(y, 8, 3, rounding="HALF_UP")


@entry()
def zeros_in_front_of_a_convolution(b: ModelBuilder) -> str:
    """They are its pads, as causal convolutions are exported."""
    x = b.node("Pad", row(b, 1, 3, 9), b.ints(0, 0, 2, 0, 0, 0))
    return conv(b, x, 4, 3, 3)


@entry()
def zeros_in_front_of_the_quantiser(b: ModelBuilder) -> str:
    x = b.quant(b.node("Pad", b.input(1, 3, 9), b.ints(0, 0, 2, 0, 0, 0)))
    return conv(b, x, 4, 3, 3)


@entry()
def parts_of_an_input(b: ModelBuilder) -> str:
    """Each has a quantiser of its own, all of them alike."""
    return parts(b, 4, 4)


@entry("quantised in two ways")
def parts_of_an_input_with_a_scale_each(b: ModelBuilder) -> str:
    return parts(b, 4, 2)


def parts(b: ModelBuilder, *fracs: int) -> str:
    x = b.input(1, 4, 8)
    ends = ((0, 3), (3, 8))
    cut = [b.node("Slice", x, b.ints(first), b.ints(last), b.ints(2)) for first, last in ends]
    return dense(b, b.node("Concat", *map(b.quant, cut, (8, 8), fracs), axis=-1), 8, 4)


@entry()
def inputs_joined_in_front_of_the_quantiser(b: ModelBuilder) -> str:
    x = b.node("Concat", b.input(1, 4, 3), b.input(1, 4, 5, name="other"), axis=-1)
    return dense(b, b.quant(x), 8, 4)


@entry("before a quantiser")
def arithmetic_in_front_of_the_quantiser(b: ModelBuilder) -> str:
    return dense(b, b.quant(b.node("Add", b.input(1, 4, 8), b.const(0.5))), 8, 4)


@entry("quantised in two ways")
def two_quantisers_of_an_input(b: ModelBuilder) -> str:
    x = b.input(1, 4, 8)
    return dense(b, b.node("Add", b.quant(x), b.quant(x, 4, 1)), 8, 4)


@entry()
def image_as_output(b: ModelBuilder) -> tuple[str, ...]:
    """Channels first, and its Flatten: the port streams pixels."""
    y = conv(b, row(b, 1, 3, 4, 5), 2, 3, 2, 2)
    return y, b.node("Flatten", y)


@entry()
def image_with_its_channels_last(b: ModelBuilder) -> str:
    return b.node("Transpose", conv(b, row(b, 1, 3, 4, 4), 4, 3, 3, 3), perm=[0, 2, 3, 1])


@entry()
def features_by_tokens_come_out(b: ModelBuilder) -> str:
    return b.node("Transpose", dense(b, row(b), 8, 6), perm=[0, 2, 1])


@entry()
def features_by_tokens_come_in(b: ModelBuilder) -> str:
    return dense(b, b.node("Transpose", row(b, 1, 8, 4), perm=[0, 2, 1]), 8, 6)


@entry()
def wide_product_behind_a_transpose(b: ModelBuilder) -> str:
    """A Cast between them would crash onnxruntime."""
    x = b.node("Transpose", b.quant(b.input(1, 4, 8), 12, 8), perm=[1, 0, 2])
    y = b.node("MatMul", b.node("Transpose", x, perm=[1, 0, 2]), b.weights(weights(8, 4) * 4, 14, 10))
    return b.quant(y, 24, 14)


@entry()
def wide_value_renamed_by_a_cast(b: ModelBuilder) -> str:
    """It stays exact in the oracle."""
    x = b.node("Cast", b.quant(b.input(1, 2, 3), 32, 8), to=1)
    return b.quant(x, 30, 8)


@entry()
def outputs_of_unequal_pace(b: ModelBuilder) -> tuple[str, ...]:
    """The quicker one waits in places that come round as often as the slower one needs."""
    x = row(b, 1, 8)
    slow = dense(b, dense(b, x, 8, 8), 8, 8)
    return b.quant(b.node("Relu", x), 6, 3), slow
