"""Faults of the importer."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.fuzz.corpus.entry import entry
from tests.support.qonnx import QONNX, ModelBuilder, weights


def dense(b: ModelBuilder, x: str, inputs: int, outputs: int, bits: int = 8, frac: int = 3) -> str:
    """A quantised layer."""
    return b.quant(b.node("MatMul", x, b.weights(weights(inputs, outputs), 4, 2)), bits, frac)


@entry()
def odd_zero_point(b: ModelBuilder) -> str:
    """QONNX rounds after it has added the zero point: ties go the other way."""
    x = b.quant(b.input(1, 16), 8, 3)
    return b.quant(dense(b, x, 16, 4), 8, scale=0.25, zero_point=3.0, signed=False)


@entry()
def odd_zero_point_at_the_input(b: ModelBuilder) -> str:
    x = b.quant(b.input(1, 3, 4), 8, 4, signed=False, zero_point=101.0)
    return dense(b, x, 4, 3)


@entry()
def zero_point_behind_a_coarser_number(b: ModelBuilder) -> str:
    """The clipping of a quantiser with a zero point was left out where its range is wide enough without the point."""
    x = b.quant(b.input(1, 3, 2), 4, 0)
    return b.quant(dense(b, x, 2, 2, 4, 0), 8, 5, zero_point=76.0)


@entry(rows=8)
def negative_tokens(b: ModelBuilder) -> str:
    """They count from the end of the table."""
    tokens = b.input(1, 6, type=TensorProto.INT64)
    return dense(b, b.node("Gather", b.weights(weights(8, 4), 6, 4), tokens), 4, 3)


@entry(rows=5, opset=11)
def tokens_of_operator_set_11(b: ModelBuilder) -> str:
    """Clip of integers came with 12."""
    tokens = b.input(1, 4, type=TensorProto.INT64)
    return dense(b, b.node("Gather", b.weights(weights(5, 4), 6, 4), tokens), 4, 3)


@entry(step=0.5)
def a_tie_of_the_logarithm(b: ModelBuilder) -> str:
    """onnxruntime's log(243.5) depends on the length of the tensor."""
    x = b.quant(b.input(1, 1, 3), 9, 1, signed=False)
    return dense(b, b.quant(b.node("Log", b.node("Max", x, b.const(0.5))), 13, 9), 3, 2)


@entry()
def constants_as_nodes(b: ModelBuilder) -> str:
    """Scale, zero point and bits of a weight quantiser come from Constant nodes."""
    operands = [b.node("Constant", value_float=n) for n in (0.25, 0.0, 4.0)]
    matrix = b.node("Quant", b.const(weights(4, 3)), *operands, domain=QONNX, signed=1, narrow=1)
    return b.quant(b.node("MatMul", b.quant(b.input(1, 3, 4)), matrix), 8, 3)


@entry("power of two")
def weights_of_a_real_scale(b: ModelBuilder) -> str:
    matrix = b.quant(b.const(weights(4, 3)), 4, scale=0.1)
    return b.quant(b.node("MatMul", b.quant(b.input(1, 3, 4)), matrix), 8, 3)


@entry(opset=11)
def wide_of_operator_set_11(b: ModelBuilder) -> str:
    """Clip of doubles came with 12."""
    x = b.quant(b.input(1, 2, 8), 16, 10)
    return b.quant(b.node("MatMul", x, b.weights(weights(8, 3), 14, 12)), 12, 6)


@entry()
def arithmetic_on_a_shape(b: ModelBuilder) -> str:
    """Shape, Gather, Cast: what torch writes for the scale of attention."""
    x = dense(b, b.quant(b.input(1, 4, 4)), 4, 4)
    size = b.node("Cast", b.node("Gather", b.node("Shape", x), b.const(2, np.int64)), to=1)
    return b.quant(b.node("Div", x, b.node("Sqrt", size)), 6, 3)


@entry()
def equal_scales_with_axes_behind_a_function(b: ModelBuilder) -> str:
    x = b.quant(b.input(1, 2, 3), 6, 3)
    return dense(b, b.quant(b.node("Tanh", x), 6, scale=np.full((1, 1, 3), 2.0**-5)), 3, 2)


@entry()
def binary_weights(b: ModelBuilder) -> str:
    matrix = b.node("BipolarQuant", b.const(weights(4, 3)), b.const(0.5), domain=QONNX)
    return b.quant(b.node("MatMul", b.quant(b.input(1, 3, 4)), matrix), 8, 3)


@entry()
def maximum_over_a_sequence(b: ModelBuilder) -> str:
    """The reference evaluator of onnx takes any number of axes for two."""
    x = b.quant(b.node("Conv", b.quant(b.input(1, 2, 6)), b.weights(weights(3, 2, 2), 4, 2)), 8, 3)
    return b.quant(b.node("GlobalMaxPool", x), 6, 1)


@entry("it is not a number where")
def one_over_a_rounded_zero(b: ModelBuilder) -> str:
    """A quantiser rounds a small negative number to -0, whose reciprocal is minus infinity."""
    return b.quant(b.node("Reciprocal", b.quant(b.input(1, 2, 3), 6, 3)), 6, 3)


@entry(opset=28)
def dequantised_weights_of_the_newest_operator_set(b: ModelBuilder) -> str:
    """onnxruntime has no DequantizeLinear of it."""
    matrix = b.node(
        "DequantizeLinear", b.const(np.arange(-6, 6).reshape(4, 3), np.int8), b.const(0.25), b.const(0, np.int8)
    )
    return b.quant(b.node("MatMul", b.qcdq(b.input(1, 3, 4)), matrix), 8, 3)


@entry()
def function_of_a_pad_by_nothing(b: ModelBuilder) -> str:
    x = b.node("Pad", b.quant(b.input(1, 2, 3), 6, 3), b.ints(0, 0, 0, 0, 0, 0))
    return dense(b, b.quant(b.node("Tanh", x), 6, 5), 3, 2)
