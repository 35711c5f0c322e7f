"""Which entries of the tables some inputs reach, out of those that any input can reach.

An entry that no vector reaches is compared by nobody who runs the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.graph import Graph, IntArray, Node
from hwflow.ir.ops import Lookup, Table
from hwflow.ir.value_sets import value_sets


@dataclass(frozen=True, slots=True)
class TableReach:
    """The table behind ``tensor``: how many of its entries were reached, and how many can be."""

    tensor: str
    reached: int
    reachable: int


class TableCoverage:
    """Counts by Table and Lookup of a graph; a constant that two of them read is a table in each.

    Reachable is what some element of the source may be (`hwflow.ir.value_sets`): an upper limit, since that sees little
    of what two elements have to do with each other.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = [n for n in graph.nodes if isinstance(n.op, Table | Lookup) and not _is_constant(graph, n)]
        self.sources = tuple(dict.fromkeys(node.inputs[0] for node in self._nodes))
        values = value_sets(graph, self.sources)
        self._reachable = {n.output: self._entries(n, values[n.inputs[0]]) for n in self._nodes}
        self._reached = {output: np.zeros_like(mask) for output, mask in self._reachable.items()}

    def add(self, values: Mapping[str, IntArray]) -> IntArray:
        """Count the integers (count, *shape) of every one of ``sources``; for each new entry the inference with it."""
        rows = [self._new(node, values[node.inputs[0]]) for node in self._nodes]
        return np.concatenate(rows) if rows else np.zeros(0, np.int64)

    @property
    def complete(self) -> bool:
        """Whether every entry that can be was reached."""
        return not any(np.any(all & ~self._reached[output]) for output, all in self._reachable.items())

    def _new(self, node: Node, integers: IntArray) -> IntArray:
        """Mark the entries that a node reads; for each that is new the first inference that reads it."""
        reached, each = self._reached[node.output], integers[0].size if len(integers) else 1
        addresses = self._addresses(node, integers)
        new = np.flatnonzero(~reached[addresses])
        entries, first = np.unique(addresses[new], return_index=True)
        reached[entries] = True
        rows: IntArray = new[first] // each
        return rows

    def tables(self) -> list[TableReach]:
        """Each table, in the order of the graph."""
        masks = zip(self._reached.items(), self._reachable.values(), strict=True)
        return [
            TableReach(self._graph.names.get(id, id), int(np.count_nonzero(met)), int(np.count_nonzero(all)))
            for (id, met), all in masks
        ]

    def _entries(self, node: Node, integers: IntArray) -> NDArray[np.bool_]:
        """Which entries a node reads for integers of its source."""
        met = np.zeros(self._graph.inputs_of(node)[1].shape[0], dtype=np.bool_)
        met[self._addresses(node, integers)] = True
        return met

    def _addresses(self, node: Node, integers: IntArray) -> IntArray:
        assert isinstance(node.op, Table | Lookup)
        return node.op.address(self._graph.inputs_of(node), integers).ravel()


def _is_constant(graph: Graph, node: Node) -> bool:
    return graph.tensors[node.inputs[0]].is_constant
