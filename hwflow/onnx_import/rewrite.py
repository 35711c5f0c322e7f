"""Small tools to edit an ONNX graph in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir


def constant(graph: ir.Graph, array: np.ndarray, hint: str) -> ir.Value:
    """A new initialiser with a name that the graph does not have yet."""
    name, count = f"hwflow_{hint}", 0
    while name in graph.initializers:
        count += 1
        name = f"hwflow_{hint}_{count}"
    value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
    value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
    graph.register_initializer(value)
    return value


def replace(graph: ir.Graph, node: ir.Node, build: Callable[[Replacement], ir.Value]) -> ir.Value:
    """Replace a node that has one output by what ``build`` makes; the output keeps its name. Returns it."""
    old = node.outputs[0]
    recipe = Replacement(graph, node)
    new = build(recipe)
    name, is_output = old.name, old.is_graph_output()
    old.replace_all_uses_with(new, replace_graph_outputs=is_output)
    graph.remove(node, safe=True)
    if new.producer() in recipe.nodes:
        new.name, new.shape, new.dtype = name, old.shape, old.dtype
    return new


class Replacement:
    """Makes nodes right before the node that is replaced."""

    def __init__(self, graph: ir.Graph, node: ir.Node) -> None:
        self.graph, self.node = graph, node
        self.nodes: list[ir.Node] = []
        self._stem = node.outputs[0].name or "value"

    def op(self, op_type: str, *inputs: ir.Value, **attributes: int | float | str | Sequence[int]) -> ir.Value:
        """A standard node; returns its only output."""
        node = ir.node(op_type, list(inputs), attributes=attributes, num_outputs=1)
        node.outputs[0].name = f"{self._stem}/hwflow_{len(self.nodes)}_{op_type}"
        self.graph.insert_before(self.node, [node])
        self.nodes.append(node)
        return node.outputs[0]

    def const(self, array: np.ndarray | float, hint: str = "const") -> ir.Value:
        """A constant, float32 unless the array says otherwise."""
        return constant(self.graph, np.asarray(array, np.float32) if isinstance(array, float) else array, hint)
