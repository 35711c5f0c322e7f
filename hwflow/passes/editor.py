"""Rebuilds a graph node by node under a pass."""

from __future__ import annotations

from hwflow.ir.graph import Graph, IntArray, Node, Op, Tensor
from hwflow.ir.types import FixedType


class Editor:
    """Collects the nodes of a new graph in topological order; tensors keep their ids unless they are new."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors = dict(graph.tensors)
        self.nodes: list[Node] = []
        self.producers: dict[str, Node] = {}
        self.inputs, self.names, self.orders = list(graph.inputs), dict(graph.names), dict(graph.orders)
        self.roundings, self.rows = dict(graph.roundings), dict(graph.rows)
        self._next = 1 + max(int(id[1:]) for id in graph.tensors)

    def tensor(self, shape: tuple[int, ...], type: FixedType, values: IntArray | None = None) -> str:
        """A new tensor."""
        id = f"t{self._next}"
        self._next += 1
        self.tensors[id] = Tensor(id, shape, type, values)
        return id

    def add(self, op: Op, inputs: tuple[str, ...], output: str) -> str:
        """A node that computes the tensor ``output``."""
        node = Node(op, inputs, output)
        self.nodes.append(node)
        self.producers[output] = node
        return output

    def replace_input(self, port: str, order: tuple[int, ...]) -> str:
        """A new input that takes what ``port`` took with its axes in another order. Returns its id."""
        old, before = self.tensors[port], self.orders.get(port)
        made = self.tensor(tuple(old.shape[axis] for axis in order), old.type)
        self.inputs[self.inputs.index(port)] = made
        self.orders[made] = order if before is None else tuple(before[axis] for axis in order)
        if port in self.names:
            self.names[made] = self.names[port]
        if port in self.roundings:
            self.roundings[made] = self.roundings[port]
        if port in self.rows:
            self.rows[made] = self.rows[port]
        return made

    def build(self) -> Graph:
        """The new graph, without what no output needs."""
        needed = {*self.graph.outputs, *self.inputs}
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if node.output in needed:
                needed.update(node.inputs)
                kept.append(node)
        tensors = {id: t for id, t in self.tensors.items() if id in needed}
        names = {id: name for id, name in self.names.items() if id in needed}
        orders = {id: order for id, order in self.orders.items() if id in self.inputs}
        roundings = {id: rounding for id, rounding in self.roundings.items() if id in self.inputs}
        rows = {id: count for id, count in self.rows.items() if id in self.inputs}
        ports = tuple(self.inputs), self.graph.outputs
        return Graph(tensors, tuple(reversed(kept)), *ports, names, orders, roundings, rows)
