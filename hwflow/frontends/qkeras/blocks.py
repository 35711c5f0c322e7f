"""The exact building blocks beside attention: functions over Keras tensors, with the names of the Brevitas zoo.

What each computes is said in `hwflow.frontends.brevitas`; here it is written with QKeras layers and ``keras.ops``.
"""

from __future__ import annotations

from typing import Literal, get_args

from keras import ops

from hwflow.errors import UserError
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization

Function = Literal["gelu", "silu", "tanh", "sigmoid"]
EPSILON = 2.0**-10


def residual(branch: KerasTensor, skip: KerasTensor, q: Quantization) -> KerasTensor:
    """``Q(S(branch) + S(skip))``: one quantiser S puts both operands on the same grid, so no adder aligns them."""
    operand = q.identity("operand")
    return q.identity("sum")(ops.add(operand(branch), operand(skip)))


def rms_norm(x: KerasTensor, q: Quantization, epsilon: float = EPSILON) -> KerasTensor:
    """``Q(gamma * Q(c * Q(1 / sqrt(Q(mean(c^2)) + eps))) + beta)`` over the last axis, with ``c = Q(x)``.

    Raises:
        UserError: for a width that is no power of two, whose mean is no shift.
    """
    return _norm(x, q, epsilon)


def layer_norm(x: KerasTensor, q: Quantization, epsilon: float = EPSILON) -> KerasTensor:
    """`rms_norm` of ``x - mean(x)``."""
    return _norm(ops.subtract(x, ops.mean(x, axis=-1, keepdims=True)), q, epsilon)


def _norm(x: KerasTensor, q: Quantization, epsilon: float) -> KerasTensor:
    size = x.shape[-1]
    if size & (size - 1):
        remedy = "Choose a power of two as the width."
        raise UserError(f"normalisation {q.scope!r}", f"a mean over {size} elements", "a power of two", remedy)
    c = q.identity("centred")(x)
    variance = q.identity("variance", "variance", signed=False)(ops.mean(ops.multiply(c, c), axis=-1, keepdims=True))
    root = q.function("inverse_root", "rsqrt", epsilon)(variance)
    normalised = q.identity("normalised")(ops.multiply(c, q.identity("rsqrt", "table", signed=False)(root)))
    return q.identity("output_quant")(q.scale_bias("affine")(normalised))


def table_activation(x: KerasTensor, function: Function, q: Quantization) -> KerasTensor:
    """``Q(f(Q(x)))``, elementwise: a table of ``2**bits`` entries in hardware.

    Raises:
        UserError: for a function that is not one of ``gelu`` (erf form), ``silu``, ``tanh``, ``sigmoid``.
    """
    if function not in get_args(Function):
        names = ", ".join(get_args(Function))
        raise UserError("table_activation", f"the function {function!r}", names, "Choose one.")
    y = q.function("function", function)(q.identity("input_quant")(x))
    return q.identity("output_quant", "table", signed=function != "sigmoid")(y)


def mean_pool(x: KerasTensor, q: Quantization) -> KerasTensor:
    """``Q(2**-ceil(log2 tokens) * sum over tokens)``: (batch, tokens, features) to (batch, features)."""
    factor = 2.0 ** -(x.shape[1] - 1).bit_length()
    return q.identity("output_quant")(ops.multiply(ops.sum(x, axis=1), factor))


def max_pool(x: KerasTensor, q: Quantization) -> KerasTensor:
    """The maximum over tokens."""
    return q.identity("output_quant")(ops.max(x, axis=1))
