"""Which integers a tensor can be: intervals with their gaps, as far as tables, sums and maxima make them.

A superset of what any input gives: elements are taken as independent, but that a row from which its maximum was
subtracted has a zero in it. So a table behind a sum of table entries has as many reachable addresses as such sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, Graph, IntArray, Node
from hwflow.ir.intervals import graph_bounds, maximum_subtracted
from hwflow.ir.ops import Clamp, ReduceSum, Requantise, Reshape, Shift, Sub, Table, Transpose

_MANY, _EVALUATED = 1 << 16, 1 << 22  # integers of a set; elements that an image may take
_WORDS = 1 << 25  # of 64 bits that sums of a set may take: a fraction of a second


@dataclass(frozen=True)
class ValueSet:
    """``values``: sorted, of any element. ``pivot``: what one element at least of every row along the last axis is."""

    values: IntArray
    pivot: int | None = None


def value_sets(graph: Graph, wanted: Iterable[str]) -> dict[str, IntArray]:
    """By tensor of ``wanted``, the sorted integers that some element of it may be."""
    wanted = tuple(wanted)
    nodes = _needed(graph, wanted)
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


def _needed(graph: Graph, wanted: Iterable[str]) -> list[Node]:
    needed, nodes = set(wanted), list[Node]()
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            nodes.append(node)
    return nodes[::-1]


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


def _image(graph: Graph, node: Node, given: ValueSet) -> ValueSet | None:
    """What an element-wise op makes of each integer: all elements alike, or each its own way."""
    inputs, output = graph.inputs_of(node), graph.tensors[node.output]
    if len(given.values) * inputs[0].size > _EVALUATED:
        return None
    ones = (1,) * len(inputs[0].shape)
    held = np.concatenate([given.values, [given.values[0] if given.pivot is None else given.pivot]])
    arrays = [np.broadcast_to(held.reshape(-1, *ones), (len(held), *inputs[0].shape))]
    arrays += [np.asarray(tensor.values) for tensor in inputs[1:]]
    made = np.asarray(node.op.evaluate(inputs, arrays, output), np.int64).reshape(len(held), -1)
    pivots = np.unique(made[-1])
    pivot = int(pivots[0]) if given.pivot is not None and len(pivots) == 1 else None
    return ValueSet(np.unique(made[:-1]), pivot)


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
