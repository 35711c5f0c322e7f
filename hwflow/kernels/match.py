"""Finds the groups of integer nodes that are kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hwflow.ir.graph import Graph, IntArray, Node
from hwflow.ir.ops import ReduceMax, ReduceSum, Table
from hwflow.kernels.base import Kernel
from hwflow.passes.movement import ELEMENTWISE, PERMUTATIONS, dynamic_inputs, trace

REDUCTIONS = (ReduceSum, ReduceMax)


@dataclass
class Matcher:
    """A graph, the nodes that are already taken by a kernel, by output tensor, and what kernels put out (``ends``).

    Movement that one kernel reads through is free for another.
    """

    graph: Graph
    clock_mhz: float = 200.0
    kernels: list[Kernel] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)

    def _take(self, kernel: Kernel) -> None:
        self.kernels.append(kernel)
        self.taken.update(n.output for n in kernel.nodes)
        self.ends.add(kernel.output)

    @cached_property
    def position(self) -> dict[str, int]:
        """Place of each node in the topological order, by output tensor."""
        return {node.output: i for i, node in enumerate(self.graph.nodes)}

    def dynamic(self, node: Node) -> list[str]:
        """The inputs of a node that are not constants, each once."""
        return list(dict.fromkeys(dynamic_inputs(node, self.graph.tensors)))

    def trace(self, id: str) -> tuple[str, IntArray, tuple[Node, ...]]:
        """Follow Reshape and Transpose back to what a kernel puts out; see ``hwflow.passes.movement.trace``."""
        return trace(self.graph.producers, self.graph.tensors, id, self.ends)

    def only_reader(self, id: str) -> Node | None:
        """The single free node that reads a tensor, or None; a graph output is never passed."""
        readers = self.graph.consumers.get(id, ())
        free = len(readers) == 1 and id not in self.graph.outputs and readers[0].output not in self.taken
        return readers[0] if free else None

    def tail(self, id: str, *, per_channel: bool = True) -> tuple[Node, ...]:
        """The element-wise nodes that follow a tensor one after the other, with constants of its own shape at most.

        ``per_channel``: with more than two axes, a constant may have a number for each channel.
        """
        nodes: list[Node] = []
        while (reader := self.only_reader(id)) is not None and self._extends(reader, id, per_channel):
            nodes.append(reader)
            id = reader.output
        return tuple(nodes)

    def _extends(self, node: Node, id: str, per_channel: bool) -> bool:
        same_shape = self.graph.tensors[node.output].shape == self.graph.tensors[id].shape
        elementwise = isinstance(node.op, ELEMENTWISE) and self.addressable(node, per_channel=per_channel)
        return elementwise and same_shape and self.dynamic(node) == [id]

    def addressable(self, node: Node, *, per_channel: bool = True) -> bool:
        """Whether (token, n) finds every constant: always in (T, D), with more axes where the token does not matter."""
        if len(self.graph.tensors[node.output].shape) <= 2 or isinstance(node.op, Table):
            return True
        constants = (t for t in self.graph.inputs_of(node) if t.is_constant)
        return all(t.size == 1 or (per_channel and t.size == t.shape[-1]) for t in constants)

    def movement_after(self, id: str) -> tuple[Node, ...]:
        """The Reshape and Transpose nodes that alone read a tensor, one after the other."""
        nodes: list[Node] = []
        while (reader := self.only_reader(id)) is not None and isinstance(reader.op, PERMUTATIONS):
            nodes.append(reader)
            id = reader.output
        return tuple(nodes)

    def row_group(self, source: str) -> tuple[Node, ...]:
        """Nodes that are functions of the last axis of ``source`` alone and take part in a reduction over it.

        They are the ancestors, within what depends on ``source`` only, of everything behind a reduction.
        """
        inside, reduced, order = {source}, set(), []
        for node in self._readers_in_order(source):
            dynamic = self.dynamic(node)
            is_reduction = isinstance(node.op, REDUCTIONS) and node.op.axis == -1 and node.op.keepdims
            if node.output in self.taken or not (is_reduction or isinstance(node.op, ELEMENTWISE)):
                continue
            if dynamic and all(i in inside for i in dynamic):
                inside.add(node.output)
                order.append(node)
                if is_reduction or any(i in reduced for i in dynamic):
                    reduced.add(node.output)
        needed = set(reduced)
        kept = []
        for node in reversed(order):
            if node.output in needed:
                kept.append(node)
                needed.update(self.dynamic(node))
        return tuple(reversed(kept))

    def closed(self, group: tuple[Node, ...], member: Node) -> tuple[Node, ...]:
        """The largest part of a row group that holds ``member`` and that one tensor alone, its last, leaves; or ().

        What follows that tensor on several ways (the factor of a residual branch, say) belongs to other kernels.
        """
        for end in reversed(group):
            needed, part = {end.output}, []
            for node in reversed(group):
                if node.output in needed:
                    part.append(node)
                    needed.update(self.dynamic(node))
            if member in part and self.exits(tuple(part)) == [end.output]:
                return tuple(reversed(part))
        return ()

    def _readers_in_order(self, source: str) -> Iterator[Node]:
        """Nodes downstream of a tensor in graph order, as far as element-wise ops and reductions go."""
        reach = {source}
        frontier, found = [source], {}
        while frontier:
            for node in self.graph.consumers.get(frontier.pop(), ()):
                if node.output not in reach and isinstance(node.op, (*ELEMENTWISE, *REDUCTIONS)):
                    reach.add(node.output)
                    found[node.output] = node
                    frontier.append(node.output)
        yield from sorted(found.values(), key=lambda n: self.position[n.output])

    def exits(self, nodes: tuple[Node, ...]) -> list[str]:
        """Tensors of a group that something outside reads."""
        inside = {n.output for n in nodes}
        return [
            n.output
            for n in nodes
            if n.output in self.graph.outputs
            or any(reader.output not in inside for reader in self.graph.consumers.get(n.output, ()))
        ]


def split_heads(positions: IntArray, width: int) -> int | None:
    """Number of heads when ``positions`` (H, T, d) picks element h * d + e of token t from (T, H * d), else None."""
    if positions.ndim == 2:
        positions = positions[None]
    if positions.ndim != 3:
        return None
    heads, tokens, each = positions.shape
    if heads * each != width:
        return None
    expected = np.arange(tokens * width).reshape(tokens, heads, each).transpose(1, 0, 2)
    return heads if np.array_equal(positions, expected) else None
