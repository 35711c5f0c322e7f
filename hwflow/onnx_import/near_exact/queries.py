"""Questions about an ONNX graph that several rewrites ask."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.near_exact.grid import step_of
from hwflow.onnx_import.quantiser import is_quant, read_quantiser

MOVEMENT = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"})
MOVES = MOVEMENT | {"Slice", "Split", "Gather"}
_KEEPS = MOVES | {"Relu", "Neg", "Clip", "MaxPool", "ReduceMax"}


def label(node: ir.Node) -> str:
    """What the user calls a node: its name, or that of its output."""
    return node.name or node.outputs[0].name or "?"


def array_of(value: ir.Value | None) -> np.ndarray | None:
    """The array of a constant, else None."""
    return None if value is None or value.const_value is None else value.const_value.numpy()


def scalar_of(value: ir.Value | None) -> float | None:
    """The number in a constant of one element, else None."""
    array = array_of(value)
    return float(array.ravel()[0]) if array is not None and array.size == 1 else None


def is_op(node: ir.Node, *op_types: str) -> bool:
    """Whether a node is one of these operators of ONNX itself: other domains have the same names."""
    return node.op_type in op_types and node.domain in ("", "ai.onnx")


def producer(value: ir.Value | None, *op_types: str) -> ir.Node | None:
    """The node that computes a value, if it is of one of the kinds."""
    node = None if value is None else value.producer()
    return node if node is not None and is_op(node, *op_types) else None


def operand(node: ir.Node, index: int = 0) -> ir.Value:
    """An input that the operator always has."""
    value = node.inputs[index]
    assert value is not None
    return value


def constant_and_other(node: ir.Node) -> tuple[np.ndarray, ir.Value] | None:
    """The constant operand of a commutative node and the other one."""
    for index in (0, 1):
        array = array_of(node.inputs[index])
        if array is not None:
            return array, operand(node, 1 - index)
    return None


def is_narrow(value: ir.Value, bits: int) -> bool:
    """Whether a value is a quantised tensor that moves, limits, numbers and sums leave within ``bits`` bits."""
    node = value.producer()
    if node is None:
        return False
    if is_op(node, "Gather") and (table := array_of(node.inputs[0])) is not None:
        return (step := step_of(table)) is not None and bool(np.abs(table).max(initial=0) < step * 2.0 ** (bits - 1))
    if is_quant(node):
        return read_quantiser(node).value_bits <= bits
    if node.op_type == "Concat":
        return all(v is not None and is_narrow(v, bits) for v in node.inputs)
    if node.op_type in ("Mul", "Div") and scalar_of(node.inputs[1]) is not None:
        return is_narrow(operand(node), bits)
    if node.op_type == "ReduceSum":
        return is_narrow(operand(node), bits - _terms(node).bit_length())
    return node.op_type in _KEEPS and is_narrow(operand(node), bits)


def _terms(node: ir.Node) -> int:
    """How many numbers a reduction joins into one."""
    shapes = [v.shape.numpy() for v in (operand(node), node.outputs[0]) if v.shape is not None]
    return math.prod(shapes[0]) // max(1, math.prod(shapes[1])) if len(shapes) == 2 else 1 << 16
