"""Rules of ``simplify`` for ops that others make up, without a change of any value.

A rewritten node is exact in floats too: a sum with zeros, a product with ones and zeros, a concatenation of copies.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import onnx_ir as ir

from hwflow.limits import LIMITS
from hwflow.onnx_import.rewrite import Replacement, bypass, replace
from hwflow.onnx_import.values import dyadic

_SLOPE_BITS = 12  # a slope this short is exact on integers


def sum_of_all(graph: ir.Graph, node: ir.Node) -> None:
    """Sum becomes Adds."""
    terms = [value for value in node.inputs if value is not None]
    if len(terms) == 1:
        bypass(graph, node)
    else:
        replace(graph, node, lambda r: reduce(lambda a, b: r.op("Add", a, b), terms))


def where(graph: ir.Graph, node: ir.Node) -> None:
    """Where with a constant condition and a constant branch: the other one times 0 or 1, plus the constant.

    Of infinite constants, such as masks in front of a softmax, only the sum is left. Others stay.
    """
    condition, *branches = node.inputs
    constants = [value.const_value for value in branches if value is not None]
    if condition is None or condition.const_value is None or sum(c is not None for c in constants) != 1:
        return
    index = 0 if constants[0] is not None else 1
    taken, source = condition.const_value.numpy() == (index == 0), branches[1 - index]
    assert source is not None
    array = branches[index].const_value.numpy()  # type: ignore[union-attr]
    if source.shape is None or np.broadcast_shapes(taken.shape, array.shape, source.shape.numpy()) != _shape(node):
        return
    infinite = bool(np.any(np.isinf(array)))
    if np.any(np.isnan(array)) or (infinite and not np.all(np.isinf(array))):
        return
    offset = np.where(taken, array, np.float32(0)).astype(np.float32)

    def build(r: Replacement) -> ir.Value:
        kept = source if infinite else r.op("Mul", source, r.const((~taken).astype(np.float32), "kept"))
        if kept is not source:
            kept.shape, kept.type = node.outputs[0].shape, source.type
        return r.op("Add", kept, r.const(offset, "chosen"))

    replace(graph, node, build)


def _shape(node: ir.Node) -> tuple[int, ...] | None:
    shape = node.outputs[0].shape
    return None if shape is None or not shape.is_static() else tuple(shape.numpy())


def p_relu(graph: ir.Graph, node: ir.Node) -> None:
    """PRelu becomes ``relu(x) - slope * relu(-x)``, or LeakyRelu where one slope is not exact on integers."""
    source, slope = node.inputs
    if source is None or slope is None or slope.const_value is None:
        return
    array = slope.const_value.numpy()
    if array.size == 1 and int(np.abs(dyadic(array)[0]).max()).bit_length() > _SLOPE_BITS:
        replace(graph, node, lambda r: r.op("LeakyRelu", source, alpha=float(array.ravel()[0])))
        return

    def build(r: Replacement) -> ir.Value:
        below = r.op("Mul", r.op("Relu", r.op("Neg", source)), slope)
        return r.op("Sub", r.op("Relu", source), below)

    replace(graph, node, build)


def expand(graph: ir.Graph, node: ir.Node) -> None:
    """Expand becomes a Reshape that adds axes, and a Concat of copies for each axis that grows."""
    source, target = node.inputs[0], _shape(node)
    if source is None or source.shape is None or not source.shape.is_static() or target is None:
        return
    shape = (1,) * (len(target) - len(source.shape)) + tuple(source.shape.numpy())
    LIMITS.check_shape(f"Expand {node.outputs[0].name!r}", target)
    if tuple(source.shape.numpy()) == target:
        bypass(graph, node)
        return

    def build(r: Replacement) -> ir.Value:
        value = source
        if len(shape) > len(source.shape or ()):
            value = r.op("Reshape", value, r.const(np.asarray(shape, np.int64), "shape"))
        for axis, (old, new) in enumerate(zip(shape, target, strict=True)):
            if old != new:
                value = r.op("Concat", *[value] * new, axis=axis)
        return value

    replace(graph, node, build)


def matmul_of_vector(graph: ir.Graph, node: ir.Node) -> None:
    """A vector on the left is a row, on the right a column, whose axis goes again."""
    a, b = node.inputs
    ranks = [None if value is None or value.shape is None else len(value.shape) for value in (a, b)]
    target = _shape(node)
    if 1 not in ranks or None in ranks or target is None or a is None or b is None:
        return

    def build(r: Replacement) -> ir.Value:
        left = r.op("Reshape", a, r.const(np.asarray([1, -1], np.int64), "row")) if ranks[0] == 1 else a
        right = r.op("Reshape", b, r.const(np.asarray([-1, 1], np.int64), "column")) if ranks[1] == 1 else b
        return r.op("Reshape", r.op("MatMul", left, right), r.const(np.asarray(target, np.int64), "shape"))

    if target:
        replace(graph, node, build)
