"""Traces an integer graph: its ops on symbols, where every element is a signal of the circuit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hwflow.backends.unrolled import limits
from hwflow.backends.unrolled import symbolic as sym
from hwflow.backends.unrolled.program import Program, traced
from hwflow.backends.unrolled.symbolic import Symbols
from hwflow.errors import UserError
from hwflow.ir.graph import Graph, Node, Op, Tensor
from hwflow.ir.ops import Add, Clamp, Concat, MatMul, Mul, ReduceMax, ReduceSum, Requantise, Shift, Sub, Table
from hwflow.ir.ops.base import MovementOp

Progress = Callable[[str], None]
Rule = Callable[[Any, Sequence[Tensor], Sequence[Symbols]], Symbols]


def trace(graph: Graph, progress: Progress | None = None) -> Program:
    """The graph as one program of bit-level operations.

    Raises UserError for a tensor that alkaid would compute wrongly, ToolMissing without alkaid.
    """
    limits.check(graph)
    (source,) = (graph.tensors[id] for id in graph.inputs)
    values: dict[str, Symbols] = {t.id: t.values for t in graph.tensors.values() if t.values is not None}
    values[source.id] = sym.inputs(source.shape, source.type)
    for index, node in enumerate(graph.nodes):
        if progress:
            progress(f"trace: {index + 1} of {len(graph.nodes)}, {type(node.op).__name__}")
        values[node.output] = _evaluate(graph, node, [values[i] for i in node.inputs])
    if progress:
        progress("trace: optimise")
    (output,) = graph.outputs
    return traced(values[source.id], values[output])


def _evaluate(graph: Graph, node: Node, arrays: Sequence[Symbols]) -> Symbols:
    """The symbols of a node's output, in its type: where intervals promise less, the graph's are right."""
    rule = next((RULES[kind] for kind in type(node.op).__mro__ if kind in RULES), None)
    if rule is None:
        found = f"the op {type(node.op).__name__}"
        expected = f"one of {', '.join(sorted(kind.__name__ for kind in RULES))}"
        raise UserError("unrolled style", found, expected, "Build the streaming style.")
    try:
        result = rule(node.op, graph.inputs_of(node), arrays)
    except sym.AllConstant:
        found = "numbers that do not depend on the input"
        remedy = "Train the model further, leave the layer out, or build the streaming style."
        raise UserError(limits.subject(graph, node), found, "a layer that does something", remedy) from None
    limits.check_signal(graph, node, sym.interval(result))
    return sym.within(result, graph.tensors[node.output].type)


def _aligned(op: Op, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> list[Symbols]:
    """The integers of all operands at the finest fraction; a constant keeps being one."""
    frac = op.frac(tensors)
    return [x * 2 ** (frac - t.type.frac) for x, t in zip(arrays, tensors, strict=True)]


def _add(op: Add, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    a, b = _aligned(op, tensors, arrays)
    return a + b


def _sub(op: Sub, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    a, b = _aligned(op, tensors, arrays)
    return a - b


def _mul(op: Mul, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return arrays[0] * arrays[1]


def _matmul(op: MatMul, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return sym.matrix_product(*arrays)


def _requantise(op: Requantise, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    shift = tensors[0].type.frac - op.target.frac
    inside = sym.requantised(arrays[0], shift, op.rounding == "half_even", op.target.lo, op.target.hi)
    return inside if op.lo == op.target.lo else sym.limited(inside, op.lo, op.target.hi)


def _clamp(op: Clamp, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    """An open side is closed where nothing reaches it: a power of two above, so that only signs are looked at."""
    least, most = sym.interval(arrays[0])
    lo = least if op.lo is None else op.lo
    hi = (1 << max(most, lo, 0).bit_length()) - 1 if op.hi is None else op.hi
    return sym.limited(arrays[0], lo, hi)


def _shift(op: Shift, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return arrays[0]


def _table(op: Table, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    source, table = tensors
    mask = (1 << source.type.width) - 1
    return sym.looked_up(arrays[0], lambda x: np.take(arrays[1], x & mask), table.type)


def _reduce_max(op: ReduceMax, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return sym.largest(arrays[0], op.axis, op.keepdims)


def _reduce_sum(op: ReduceSum, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return sym.total(arrays[0], op.axis, op.keepdims)


def _concat(op: Concat, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return np.concatenate(_aligned(op, tensors, arrays), axis=op.axis)


def _move(op: MovementOp, tensors: Sequence[Tensor], arrays: Sequence[Symbols]) -> Symbols:
    return op.move([x[None] for x in arrays])[0]


RULES: dict[type, Rule] = {
    Add: _add,
    Clamp: _clamp,
    Concat: _concat,
    MatMul: _matmul,
    MovementOp: _move,
    Mul: _mul,
    ReduceMax: _reduce_max,
    ReduceSum: _reduce_sum,
    Requantise: _requantise,
    Shift: _shift,
    Sub: _sub,
    Table: _table,
}
"""How each op of the integer graph acts on symbols."""
