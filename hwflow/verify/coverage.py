"""Which entries of the tables some inputs reach, out of those that any input can reach.

An entry that no vector reaches is compared by nobody who runs the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.graph import Bounds, Graph, IntArray, Node
from hwflow.ir.intervals import graph_bounds
from hwflow.ir.ops import Lookup, Table


@dataclass(frozen=True, slots=True)
class TableReach:
    """The table behind ``tensor``: how many of its entries were reached, and how many can be."""

    tensor: str
    reached: int
    reachable: int


class TableCoverage:
    """Counts by Table and Lookup of a graph; a constant that two of them read is a table in each.

    Reachable is what the bounds of some element of the source allow (`hwflow.ir.intervals`): an upper limit, since
    bounds see neither gaps nor what two elements have to do with each other.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = [n for n in graph.nodes if isinstance(n.op, Table | Lookup) and not _is_constant(graph, n)]
        self.sources = tuple(dict.fromkeys(node.inputs[0] for node in self._nodes))
        bounds = graph_bounds(graph, self.sources)
        self._reachable = {n.output: self._entries(n, _integers(bounds[n.inputs[0]])) for n in self._nodes}
        self._reached = {output: np.zeros_like(mask) for output, mask in self._reachable.items()}

    def add(self, values: Mapping[str, IntArray]) -> None:
        """Count the integers (count, *shape) of every one of ``sources``."""
        for node in self._nodes:
            self._reached[node.output] |= self._entries(node, values[node.inputs[0]])

    def tables(self) -> list[TableReach]:
        """Each table, in the order of the graph."""
        masks = zip(self._reached.items(), self._reachable.values(), strict=True)
        return [
            TableReach(self._graph.names.get(id, id), int(np.count_nonzero(met)), int(np.count_nonzero(all)))
            for (id, met), all in masks
        ]

    def _entries(self, node: Node, integers: IntArray) -> NDArray[np.bool_]:
        """Which entries a node reads for integers of its source."""
        inputs = self._graph.inputs_of(node)
        assert isinstance(node.op, Table | Lookup)
        met = np.zeros(inputs[1].shape[0], dtype=np.bool_)
        met[node.op.address(inputs, integers)] = True
        return met


def _is_constant(graph: Graph, node: Node) -> bool:
    return graph.tensors[node.inputs[0]].is_constant


def _integers(bounds: Bounds) -> IntArray:
    """Every integer that lies in the bounds of at least one element."""
    low, high = int(bounds.lo.min()), int(bounds.hi.max())
    count = high - low + 2
    begin, end = (np.bincount((side - low).ravel(), minlength=count) for side in (bounds.lo, bounds.hi + 1))
    return low + np.flatnonzero(np.cumsum(begin - end) > 0)
