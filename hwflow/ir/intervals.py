"""Interval analysis: the smallest and the largest integer that each element of a tensor can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hwflow.ir.graph import Bounds, Graph, Node, Op, Tensor
from hwflow.ir.ops import ReduceMax, Sub


def output_bounds(op: Op, inputs: Sequence[Tensor], bounds: Sequence[Bounds], producers: Mapping[str, Node]) -> Bounds:
    """Bounds of a node's output; ``producers`` has the nodes before it.

    ``x - max(x)`` is never positive, which intervals alone cannot see.
    """
    found = op.bounds(inputs, bounds)
    if isinstance(op, Sub) and _is_maximum(producers.get(inputs[1].id), inputs[0].id):
        return Bounds(found.lo, np.minimum(found.hi, 0))
    if isinstance(op, Sub) and _is_maximum(producers.get(inputs[0].id), inputs[1].id):
        return Bounds(np.maximum(found.lo, 0), found.hi)
    return found


def maximum_subtracted(node: Node, producers: Mapping[str, Node]) -> bool:
    """Whether a difference is that of a tensor and its maximum along the last axis, either way round."""
    for maximum, of in (node.inputs, node.inputs[::-1]):
        made = producers.get(maximum)
        if made is not None and isinstance(made.op, ReduceMax) and made.op.axis == -1 and _is_maximum(made, of):
            return True
    return False


def nodes_behind(graph: Graph, wanted: Iterable[str]) -> list[Node]:
    """The nodes that the tensors ``wanted`` are made by, in the order of the graph."""
    needed, nodes = set(wanted), list[Node]()
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            nodes.append(node)
    return nodes[::-1]


def graph_bounds(graph: Graph, wanted: Iterable[str]) -> dict[str, Bounds]:
    """Bounds of the tensors ``wanted`` of a finished graph, as its builder had them."""
    wanted = tuple(wanted)
    nodes = nodes_behind(graph, wanted)
    needed = {id for node in nodes for id in node.inputs} | set(wanted)
    made = {node.output for node in nodes}
    bounds = {id: _own_bounds(graph.tensors[id]) for id in needed - made}
    for node in nodes:
        known = [bounds[id] for id in node.inputs]
        bounds[node.output] = output_bounds(node.op, graph.inputs_of(node), known, graph.producers)
    return {id: bounds[id] for id in wanted}


def _own_bounds(tensor: Tensor) -> Bounds:
    """An input takes every integer of its type, a constant its own."""
    if tensor.values is not None:
        values = np.asarray(tensor.values, dtype=np.int64)
        return Bounds(values, values)
    return Bounds(np.full(tensor.shape, tensor.type.lo), np.full(tensor.shape, tensor.type.hi))


def _is_maximum(node: Node | None, of: str) -> bool:
    """Whether a node gives the maximum of a tensor, which broadcasts against that tensor."""
    return node is not None and isinstance(node.op, ReduceMax) and node.op.keepdims and node.inputs[0] == of
