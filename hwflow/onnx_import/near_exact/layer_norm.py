"""LayerNormalization and RMSNorm over the last axis, as one operator or as exporters before opset 17 decompose it.

Rules:
 1. No mean is divided: with ``c = D x - sum(x)`` (or ``x - sum(x) / D`` when D is a power of two) everything up to the
    sum of squares V is exact. ``y = c / sqrt(F^2 (var + eps)) = sqrt(D) c / sqrt(V + D F^2 eps)`` with F = D (or 1).
 2. The reciprocal square root is a table over the observed range of V and Newton-Raphson steps.
 3. c is shifted to about 1, so that no step of what follows leaves the range that the importer takes.
 4. sqrt(D) and gamma are constant factors, beta is a constant term: scale propagation makes them part of the next
    quantiser's multiplier and bias.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import axes_of, float_of, int_of
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.newton import reciprocal_sqrt
from hwflow.onnx_import.near_exact.queries import (
    array_of,
    constant_and_other,
    is_op,
    label,
    operand,
    producer,
    scalar_of,
)
from hwflow.onnx_import.near_exact.ranges import exponent
from hwflow.onnx_import.rewrite import Replacement, replace

_DYNAMIC_RANGE = 2.0**12  # of the variance, between tokens of one model


@dataclass(frozen=True)
class Norm:
    """``(x - mean) / sqrt(var + epsilon)``, or without the mean."""

    x: ir.Value
    epsilon: float
    centred: bool

    @property
    def length(self) -> int:
        """D."""
        assert self.x.shape is not None
        return int(self.x.shape.numpy()[-1])


def rewrite_layer_norm(context: Context) -> None:
    """Rewrite in place. UserError for a normalisation over more than the last axis, or by computed factors."""
    for node in list(context.graph):
        if is_op(node, "LayerNormalization", "RMSNormalization"):
            _check(node)
            replace(context.graph, node, lambda r, node=node: _operator(context, r, node))  # type: ignore[misc]
        elif (norm := _decomposed(node)) is not None:
            replace(context.graph, node, lambda r, norm=norm: _normalised(context, r, norm))  # type: ignore[misc]
        else:
            continue
        o = context.options
        context.note(node, f"reciprocal square root of {o.table_bits} bits, {o.newton_steps} Newton-Raphson steps")


def _check(node: ir.Node) -> None:
    """Refuse every form of the operator but the one over the last axis, with constant factors and one output."""
    shape, axis = operand(node).shape, int_of(node, "axis", -1)
    if shape is None or axis not in (-1, len(shape) - 1):
        found, expected, remedy = f"axis {axis}", "the last axis", "Normalise one axis."
    elif any(o.uses() or o.is_graph_output() for o in node.outputs[1:]):
        found, expected, remedy = "its mean or deviation as an output", "one output", "Leave the others out."
    elif any(v is not None and array_of(v) is None for v in node.inputs[1:]):
        found, expected, remedy = "a scale or bias that is computed", "constants", "Multiply and add behind it."
    elif any(len(v.shape) > len(shape) for v in node.inputs[1:] if v is not None and v.shape is not None):
        found, expected, remedy = "a scale of more axes than its input", "as many at most", "Reshape the scale."
    else:
        return
    raise UserError(f"{node.op_type} {label(node)!r}", found, expected, remedy)


def _operator(context: Context, r: Replacement, node: ir.Node) -> ir.Value:
    norm = Norm(operand(node), float_of(node, "epsilon", 1e-5), node.op_type == "LayerNormalization")
    y = _normalised(context, r, norm)
    for op_type, value in zip(("Mul", "Add"), node.inputs[1:], strict=False):
        if (array := array_of(value)) is not None:
            y = r.op(op_type, y, r.const(array.astype(np.float32), "affine"))
    return y


def _normalised(context: Context, r: Replacement, norm: Norm) -> ir.Value:
    """Rules 1 to 3."""
    o, d = context.options, norm.length
    factor = d if norm.centred and d & (d - 1) else 1
    seen = context.ranges.observe(norm.x)
    seen = factor * (seen - seen.mean(-1, keepdims=True) if norm.centred else seen)
    span = exponent(float(np.abs(seen).max() * o.margin) or 1.0)
    c = r.op("Mul", _centred(context, r, norm, factor), r.const(2.0**-span, "unit"))  # rule 3
    c = r.quant(c, 2.0 ** (1 - o.value_bits), o.value_bits)
    squares, epsilon = (seen**2).sum(-1) * 4.0**-span, norm.epsilon * d * factor**2 * 4.0**-span
    top = exponent(float(squares.max()) * o.margin**2 + epsilon)
    step = 2.0 ** (top - o.wide_bits)
    total = r.quant(context.reduce(r, "ReduceSum", r.op("Mul", c, c)), step, o.wide_bits, signed=False)
    total = r.op("Add", total, r.const(max(1, round(epsilon / step)) * step, "epsilon"))
    least = max(float(squares.min()), float(squares.max()) / _DYNAMIC_RANGE) + epsilon
    root = reciprocal_sqrt(r, total, top, exponent(o.margin / math.sqrt(least)), o)
    y = r.quant(r.op("Mul", c, root), 2.0 ** (1 - o.wide_bits), o.wide_bits)
    return r.op("Mul", y, r.const(math.sqrt(d), "sqrt_d"))


def _centred(context: Context, r: Replacement, norm: Norm, factor: int) -> ir.Value:
    if not norm.centred:
        return norm.x
    total = context.reduce(r, "ReduceSum", norm.x)
    if factor == 1:
        return r.op("Sub", norm.x, r.op("Mul", total, r.const(1.0 / norm.length)))
    return r.op("Sub", r.op("Mul", norm.x, r.const(float(factor))), total)


def _decomposed(node: ir.Node) -> Norm | None:
    """``c / sqrt(mean(c^2) + eps)`` or ``c * reciprocal(sqrt(...))``, with ``c = x - mean(x)`` or ``c = x``.

    Every mean keeps its axis and every constant is a number, so that nothing broadcasts but a mean over its own row.
    """
    if is_op(node, "Div"):
        c, root = operand(node, 0), producer(node.inputs[1], "Sqrt")
    elif is_op(node, "Mul") and (inverse := _either(node, "Reciprocal")) is not None:
        c = operand(node, 1 - list(node.inputs).index(inverse.outputs[0]))
        root = producer(inverse.inputs[0], "Sqrt")
    else:
        return None
    add = producer(root.inputs[0], "Add") if root is not None else None
    found = constant_and_other(add) if add is not None else None
    if found is None or found[0].size != 1 or not _is_square(_mean_of(found[1]), c):
        return None
    epsilon, sub = float(found[0].ravel()[0]), producer(c, "Sub")
    if epsilon <= 0 or node.outputs[0].shape != c.shape:
        return None
    centred = sub is not None and _mean_of(sub.inputs[1]) is sub.inputs[0]
    return Norm(operand(sub) if sub is not None and centred else c, epsilon, centred)


def _either(node: ir.Node, op_type: str) -> ir.Node | None:
    return producer(node.inputs[0], op_type) or producer(node.inputs[1], op_type)


def _mean_of(value: ir.Value | None) -> ir.Value | None:
    """What a value is the mean of, over the last axis, which is kept: a sum divided by D or multiplied by 1 / D."""
    scaled = producer(value, "Mul", "Div")
    total = producer(scaled.inputs[0], "ReduceSum") if scaled is not None else None
    number = scalar_of(scaled.inputs[1]) if scaled is not None else None
    if scaled is None or total is None or number is None or not int_of(total, "keepdims", 1):
        return None
    source = operand(total)
    if source.shape is None or axes_of(total) not in ([-1], [len(source.shape) - 1]):
        return None
    length = int(source.shape.numpy()[-1])
    mean = float(length) if scaled.op_type == "Div" else float(np.float32(1 / length))
    return source if number == mean else None


def _is_square(value: ir.Value | None, c: ir.Value) -> bool:
    power, product = producer(value, "Pow"), producer(value, "Mul")
    if power is not None:
        return power.inputs[0] is c and scalar_of(power.inputs[1]) == 2.0
    return product is not None and product.inputs[0] is c and product.inputs[1] is c
