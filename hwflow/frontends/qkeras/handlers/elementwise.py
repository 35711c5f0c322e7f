"""Element-wise layers and ``keras.ops``: of several tensors, of a tensor and a constant, of one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from hwflow.frontends.keras_files.model import Layer, is_constant
from hwflow.frontends.qkeras.handlers.common import operands, refused, tensor
from hwflow.frontends.qkeras.writer import Value, Writer

BINARY = {
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "Divide": "Div",
    "TrueDivide": "Div",
    "Maximum": "Max",
    "Minimum": "Min",
}
UNARY: dict[str, tuple[str, ...]] = {
    "Exp": ("Exp",),
    "Sqrt": ("Sqrt",),
    "Rsqrt": ("Sqrt", "Reciprocal"),
    "Reciprocal": ("Reciprocal",),
    "Negative": ("Neg",),
    "Absolute": ("Abs",),
    "Abs": ("Abs",),
    "Log": ("Log",),
    "Tanh": ("Tanh",),
    "Sigmoid": ("Sigmoid",),
    "Relu": ("Relu",),
}


def binary(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Two operands or more, from left to right; shapes broadcast."""
    found = operands(arguments)
    if len(found) < 2 or not all(isinstance(v, Value) or is_constant(v) for v in found):
        raise refused(layer, f"{len(found)} operands", "two tensors or constants", "Call it on two tensors.")
    values = [v for v in found if isinstance(v, Value)]
    first = all(v.channels_first for v in values) and len(values) == len(found)
    first = first and len({len(v.shape) for v in values}) == 1
    pairs = [_operand(writer, v, first) for v in found]
    shape = np.broadcast_shapes(*(shape for _, shape in pairs))
    name = reduce(lambda a, b: writer.op(BINARY[layer.kind], a, b), (name for name, _ in pairs))
    return Value(name, shape, first)


def _operand(writer: Writer, operand: Any, channels_first: bool) -> tuple[str, tuple[int, ...]]:
    if isinstance(operand, Value):
        value = operand if channels_first else writer.keras_order(operand)
        return value.name, value.shape
    array = np.asarray(operand, np.float32)
    return writer.constant(array), array.shape


def unary(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """A function of one tensor."""
    value = tensor(layer, arguments)
    return writer.like(value, reduce(lambda x, op: writer.op(op, x), UNARY[layer.kind], value.name))


def square(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``x * x``."""
    value = tensor(layer, arguments)
    return writer.like(value, writer.op("Mul", value.name, value.name))


def clip(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``keras.ops.clip`` to constant limits."""
    value = tensor(layer, arguments)
    limits = [layer.config.get(k) for k in ("x_min", "x_max")]
    if not all(is_constant(limit) for limit in limits):
        raise refused(layer, f"limits {limits}", "two numbers")
    return writer.like(value, writer.op("Clip", value.name, *(writer.constant(np.float32(v)) for v in limits)))


def relu(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """The ReLU layer, plain or with an upper limit."""
    value, top = tensor(layer, arguments), layer.config.get("max_value")
    if layer.config.get("negative_slope") or layer.config.get("threshold"):
        raise refused(layer, "a negative_slope or threshold", "0", "Use quantized_relu with a negative_slope.")
    name = writer.op("Relu", value.name)
    if top is not None:
        name = writer.op("Clip", name, writer.constant(0.0), writer.constant(np.float32(top)))
    return writer.like(value, name)


def softmax(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """A float softmax: for near-exact import alone."""
    value = writer.keras_order(tensor(layer, arguments))
    return writer.like(value, writer.op("Softmax", value.name, axis=layer.config.get("axis", -1)))


def nothing(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Layers that do nothing outside training."""
    return tensor(layer, arguments)
