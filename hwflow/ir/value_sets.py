"""Which integers a tensor can be: intervals with their gaps, as far as tables, sums and maxima make them.

A superset of what any input gives: elements are taken as independent, but that a row from which its maximum was
subtracted has a zero in it. So a table behind a sum of table entries has as many reachable addresses as such sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, Graph, IntArray, Node
from hwflow.ir.intervals import graph_bounds, maximum_subtracted, nodes_behind
from hwflow.ir.ops import Clamp, ReduceSum, Requantise, Reshape, Shift, Sub, Table, Transpose

_MANY = 1 << 16  # integers of a set
_WORDS = 1 << 25  # of 64 bits that sums of a set may take: a fraction of a second


@dataclass(frozen=True)
class ValueSet:
    """``values``: sorted, of any element. ``pivot``: what one element at least of every row along the last axis is."""

    values: IntArray
    pivot: int | None = None


def value_sets(graph: Graph, wanted: Iterable[str]) -> dict[str, IntArray]:
    """By tensor of ``wanted``, the sorted integers that some element of it may be."""
    wanted = tuple(wanted)
    nodes = nodes_behind(graph, wanted)
    ids = {id for node in nodes for id in (*node.inputs, node.output)} | set(wanted)
    bounds = graph_bounds(graph, ids)
    sets: dict[str, ValueSet] = {}
    for node in nodes:
        found = _of_node(graph, node, sets, bounds)
        if found is not None:
            sets[node.output] = found
    return {id: sets[id].values if id in sets else within(bounds[id]) for id in wanted}


def within(bounds: Bounds) -> IntArray:
    """Every integer that lies in the bounds of at least one element."""
    low, high = int(bounds.lo.min()), int(bounds.hi.max())
    count = high - low + 2
    begin, end = (np.bincount((side - low).ravel(), minlength=count) for side in (bounds.lo, bounds.hi + 1))
    return low + np.flatnonzero(np.cumsum(begin - end) > 0)


def _of_node(graph: Graph, node: Node, sets: Mapping[str, ValueSet], bounds: Mapping[str, Bounds]) -> ValueSet | None:
    """The set of a node's output; None where bounds say all that is known."""
    if isinstance(node.op, Sub) and maximum_subtracted(node, graph.producers):
        values = _narrow(bounds[node.output])
        return None if values is None else ValueSet(values.values, pivot=0)
    if not isinstance(node.op, Table | Requantise | Shift | Clamp | ReduceSum | Reshape | Transpose):
        return None
    given = sets.get(node.inputs[0]) or _narrow(bounds[node.inputs[0]])
    if given is None:
        return None
    if isinstance(node.op, Reshape | Transpose):
        return ValueSet(given.values)
    if isinstance(node.op, ReduceSum):
        return _sums(given, graph.tensors[node.inputs[0]].shape[-1]) if node.op.axis == -1 else None
    return _image(graph, node, given)


def _narrow(bounds: Bounds) -> ValueSet | None:
    if int(bounds.hi.max()) - int(bounds.lo.min()) >= _MANY:
        return None
    return ValueSet(within(bounds))


def _image(graph: Graph, node: Node, given: ValueSet) -> ValueSet:
    """What an op that treats all elements alike makes of each integer."""
    inputs, output = graph.inputs_of(node), graph.tensors[node.output]
    pivots = given.values[:0] if given.pivot is None else np.array([given.pivot])
    constants = [np.asarray(tensor.values) for tensor in inputs[1:]]
    made = node.op.evaluate(inputs, [np.concatenate([given.values, pivots]), *constants], output).astype(np.int64)
    values = np.unique(made[: len(given.values)])
    return ValueSet(values, None if given.pivot is None else int(made[-1]))


def _sums(given: ValueSet, count: int) -> ValueSet | None:
    """Sums of ``count`` integers of a set: one bit for each number, shifted by each integer and joined."""
    values, low = given.values, int(given.values[0])
    free = count if given.pivot is None else count - 1
    if len(values) * free * ((int(values[-1]) - low) * free // 64 + 1) > _WORDS:
        return None
    reached, shifts = 1, (values - low).tolist()
    for _ in range(free):
        joined = 0
        for shift in shifts:
            joined |= reached << shift
        reached = joined
    bits = np.frombuffer(reached.to_bytes(reached.bit_length() // 8 + 1, "little"), np.uint8)
    found = np.flatnonzero(np.unpackbits(bits, bitorder="little")) + free * low
    return ValueSet(found if given.pivot is None else found + given.pivot)
