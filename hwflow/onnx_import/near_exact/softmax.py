"""Softmax over the last axis: two exp tables and a reciprocal.

``d = max(x) - x`` on a grid of 2 * exp_bits bits over [0, 16) is cut into its upper and lower half, so that
``exp(-d) = exp(-upper) exp(-lower)`` needs two small tables and no interpolation (Tang, "Table-driven implementation of
the exponential function", ACM TOMS 15, 1989). Beyond 16, exp is below 2**-23. LogSoftmax is ``-d - log(sum(exp(-d)))``.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.newton import logarithm, reciprocal
from hwflow.onnx_import.near_exact.queries import constant_and_other, is_op, label, operand, producer
from hwflow.onnx_import.near_exact.ranges import exponent
from hwflow.onnx_import.rewrite import Replacement, constant, replace

_RANGE = 4  # log2 of the largest difference that the tables tell apart
_MASKED = -1e3  # an additive mask is below this


def rewrite_softmax(context: Context) -> None:
    """Rewrite in place. UserError for a softmax over another axis than the last."""
    o = context.options
    for node in list(context.graph):
        if is_op(node, "Softmax", "LogSoftmax"):
            _check(node)
            tables = f"exp 2 x {o.exp_bits} bits, reciprocal {o.table_bits} bits, {o.newton_steps} Newton-Raphson steps"
            kind = "softmax and logarithm" if node.op_type == "LogSoftmax" else "softmax"
            context.note(node, f"table {kind}, {tables}")
            _limit_mask(context, node)
            replace(context.graph, node, lambda r, node=node: _build(context, r, node))  # type: ignore[misc]


def _check(node: ir.Node) -> None:
    shape, axis = operand(node).shape, int_of(node, "axis", -1)
    if shape is None or axis not in (-1, len(shape) - 1):
        raise UserError(f"{node.op_type} {label(node)!r}", f"axis {axis}", "the last axis", "Transpose its input.")


def _build(context: Context, r: Replacement, node: ir.Node) -> ir.Value:
    x = operand(node)
    assert x.shape is not None
    o, length = context.options, int(x.shape.numpy()[-1])
    below = r.op("Sub", context.reduce(r, "ReduceMax", x), x)
    e = _exp(r, below, o.exp_bits, o.value_bits)
    whole = max(1, exponent(length))
    total = r.quant(context.reduce(r, "ReduceSum", e), 2.0 ** (whole - o.wide_bits), o.wide_bits, signed=False)
    if node.op_type == "LogSoftmax":
        return r.op("Neg", r.op("Add", below, logarithm(r, total, whole, o)))
    product = r.op("Mul", e, reciprocal(r, total, whole, o))
    return r.quant(product, 2.0 ** (1 - o.wide_bits), o.wide_bits, signed=False)


def _exp(r: Replacement, difference: ir.Value, half: int, bits: int) -> ir.Value:
    """``exp(-difference)`` as the product of two tables."""
    fine = r.quant(difference, 2.0 ** (_RANGE - 2 * half), 2 * half, signed=False)
    upper = r.quant(fine, 2.0 ** (_RANGE - half), half, signed=False, rounding="FLOOR")
    lower = r.quant(r.op("Sub", fine, upper), 2.0 ** (_RANGE - 2 * half), half, signed=False)
    tables = [r.quant(r.op("Exp", r.op("Neg", v)), 2.0 ** (1 - bits), bits, signed=False) for v in (upper, lower)]
    return r.quant(r.op("Mul", *tables), 2.0 ** (1 - bits), bits, signed=False)


def _limit_mask(context: Context, softmax: ir.Node) -> None:
    """Minus infinity in an additive mask becomes a finite number behind which exp is 0 for every observed score."""
    add = producer(softmax.inputs[0], "Add")
    found = constant_and_other(add) if add is not None else None
    if add is None or found is None or not np.any(found[0] < _MASKED):
        return
    mask, scores = found
    floor = -(2.0 ** exponent(4 * context.ranges.magnitude(scores) + 2.0**_RANGE))
    limited = constant(context.graph, np.maximum(mask, np.float32(floor)).astype(np.float32), "mask")
    r = Replacement(context.graph, softmax)  # whoever else reads the sum keeps the mask as it is
    masked = r.op("Add", scores, limited)
    masked.shape, masked.type = add.outputs[0].shape, add.outputs[0].type
    softmax.replace_input_with(0, masked)
