"""Functions (GELU, SiLU, tanh, sigmoid, ...) of tensors that are too wide for a table.

``f(x) = f(h) + (x - h) f'(h)`` with h the upper ``table_bits`` bits of x: two tables of one address and a product.
The error is half of f'' times half a step of h squared; beyond the observed range, up to 16 times as far, it goes on
as a straight line.
Source: the table methods in Muller, "Elementary Functions", chapter 4.

A function is a whole region of nodes: every node that depends on one wide tensor alone, up to where its value is
quantised or joins another tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.ir.ops.table import table_inputs
from hwflow.ir.types import FixedType
from hwflow.onnx_import.chain import tabulate
from hwflow.onnx_import.handlers.unary import FUNCTIONS
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.queries import array_of, is_narrow, is_op, label, scalar_of
from hwflow.onnx_import.near_exact.ranges import exponent
from hwflow.onnx_import.rewrite import Replacement, replace

_ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Relu", "Neg", "Clip"})
_SLOPE_BITS = 4  # sign and integer bits of a slope: it saturates beyond +-8


@dataclass(frozen=True)
class Region:
    """``end`` is a function of ``source`` alone, element by element."""

    source: ir.Value
    end: ir.Node


def tabulate_activations(context: Context) -> None:
    """Rewrite in place every function of a tensor that is too wide to address a table."""
    o = context.options
    for region in _regions(context.graph, o.narrow_bits):
        seen = (context.ranges.magnitude(region.source), context.ranges.magnitude(region.end.outputs[0]))
        _check(context, region, exponent(seen[0] * o.margin))
        context.note(region.end, f"first-order table of {o.table_bits} bits over +-2^{exponent(seen[0] * o.margin)}")
        replace(context.graph, region.end, lambda r, region=region, seen=seen: _build(context, r, region, seen))  # type: ignore[misc]


def _check(context: Context, region: Region, span: int) -> None:
    """Refuse a function with a pole or a hole in its range: a line through it would be anything."""
    type = FixedType(signed=True, width=context.options.table_bits, frac=context.options.table_bits - 1 - span)
    entries = tabulate(context.model, region.source.name or "", region.end.outputs[0], type, frac=0)
    if (holes := table_inputs(type)[~np.isfinite(entries)]).size:
        raise UserError(
            f"{region.end.op_type} {label(region.end)!r}",
            f"no finite number where {region.source.name!r} is {holes[0] * type.step:g}",
            f"a function of all of +-2^{span}, or a root or reciprocal that belongs to a LayerNorm or RMSNorm over the "
            "last axis (means with keepdims=1) or to a Softmax",
            f"Put a quantiser of at most {context.options.narrow_bits} bits in front of it, where it is defined.",
        )


def _build(context: Context, r: Replacement, region: Region, seen: tuple[float, float]) -> ir.Value:
    o = context.options
    span, top = (exponent(m * o.margin) for m in seen)
    x = r.quant(region.source, 2.0 ** (span + 1 - o.value_bits), o.wide_bits)  # holds 16 times the table's range
    step = 2.0 ** (span + 1 - o.table_bits)
    h = r.quant(x, step, o.table_bits)
    value = r.quant(_clone(r, region, h), 2.0 ** (top + 1 - o.value_bits), o.value_bits)
    above, below = (_clone(r, region, r.op("Add", h, r.const(sign * step / 2))) for sign in (1, -1))
    slope = r.op("Mul", r.op("Sub", above, below), r.const(1 / step))
    slope = r.quant(slope, 2.0 ** (_SLOPE_BITS - o.table_bits), o.table_bits)
    line = r.op("Add", value, r.op("Mul", slope, r.op("Sub", x, h)))
    return r.quant(line, 2.0 ** (top + 1 - o.value_bits), o.wide_bits)


def _clone(r: Replacement, region: Region, start: ir.Value) -> ir.Value:
    """The region's function of another value."""
    made: dict[ir.Value, ir.Value] = {region.source: start}

    def value_of(value: ir.Value | None) -> ir.Value | None:
        if value is None or array_of(value) is not None:
            return value
        if value not in made:
            node = value.producer()
            assert node is not None
            made[value] = r.copy(node, [value_of(v) for v in node.inputs])
        return made[value]

    end = value_of(region.end.outputs[0])
    assert end is not None
    return end


def _regions(graph: ir.Graph, narrow_bits: int) -> list[Region]:
    """The ends of all regions, in graph order."""
    source: dict[ir.Value, ir.Value] = {}
    for node in graph:
        root = _root_of(node, source)
        if root is not None:
            source[node.outputs[0]] = root
    return [
        Region(root, node)
        for node in graph
        if (root := source.get(node.outputs[0])) is not None
        and not is_narrow(root, narrow_bits)
        and _leaves(node.outputs[0], root, source)
    ]


def _root_of(node: ir.Node, source: dict[ir.Value, ir.Value]) -> ir.Value | None:
    """The tensor that a node's output is a function of, or None when the node belongs to no region."""
    operands = [v for v in node.inputs if v is not None]
    if is_op(node, *FUNCTIONS):
        root = source.get(operands[0]) or _behind_scalars(operands[0])
        return None if root.producer() is None else root
    roots = {source[v] for v in operands if v in source}
    if not is_op(node, *_ARITHMETIC) or len(roots) != 1:
        return None
    (root,) = roots
    same: Callable[[ir.Value], bool] = lambda v: scalar_of(v) is not None or source.get(v, _behind_scalars(v)) is root  # noqa: E731
    return root if all(same(v) for v in operands) else None


def _behind_scalars(value: ir.Value) -> ir.Value:
    """Back through additions and multiplications of one number."""
    node = value.producer()
    if node is None or not is_op(node, "Add", "Sub", "Mul", "Div", "Neg"):
        return value
    dynamic = [v for v in node.inputs if v is not None and scalar_of(v) is None]
    return _behind_scalars(dynamic[0]) if len(dynamic) == 1 and array_of(dynamic[0]) is None else value


def _leaves(value: ir.Value, root: ir.Value, source: dict[ir.Value, ir.Value]) -> bool:
    """Whether something outside the region reads a value."""
    inside = [source.get(use.node.outputs[0]) is root for use in value.uses()]
    return value.is_graph_output() or not all(inside)
