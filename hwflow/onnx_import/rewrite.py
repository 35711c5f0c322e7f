"""Small tools to edit an ONNX graph in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

_QONNX = "qonnx.custom_op.general"
_ORIGIN = "hwflow.origin"  # in the memory of a node that a rewrite made


def constant(graph: ir.Graph, array: np.ndarray, hint: str) -> ir.Value:
    """A new initialiser with a name that the graph does not have yet."""
    count = len(graph.initializers)
    while (name := f"hwflow_{hint}_{count}") in graph.initializers:
        count += 1
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
        new.name, new.shape = name, old.shape
        if old.dtype is not None:
            new.dtype = old.dtype
    return new


def bypass(graph: ir.Graph, node: ir.Node) -> None:
    """Remove a node that hands its first input on. What is an output of the graph keeps its name.

    The source takes the name over; if it has one that must stay (it is a port, a constant, an output itself), the node
    stays, as an Identity.
    """
    source, output = node.inputs[0], node.outputs[0]
    if source is None:
        raise ValueError(f"{node.op_type} has no input 0")
    if not output.is_graph_output():
        output.replace_all_uses_with(source)
        graph.remove(node, safe=True)
    elif source.producer() is None or source.is_graph_output():
        if node.op_type != "Identity":
            replace(graph, node, lambda r: r.op("Identity", source))
    else:
        name, shape, type = output.name, output.shape, output.type
        output.replace_all_uses_with(source, replace_graph_outputs=True)
        graph.remove(node, safe=True)
        source.name, source.shape, source.type = name, shape or source.shape, type or source.type


def origin_of(node: ir.Node) -> str:
    """What the user calls a node: its own type and name, or those of the node of the file that it was made from."""
    name = node.name or (node.outputs[0].name if node.outputs else "") or "?"
    found = node.meta.get(_ORIGIN)
    return f"{node.op_type} {name!r}" if found is None else f"{found} (its {node.op_type})"


class Replacement:
    """Makes nodes right before the node that is replaced."""

    def __init__(self, graph: ir.Graph, node: ir.Node) -> None:
        self.graph, self.node = graph, node
        self.nodes: list[ir.Node] = []
        self._stem = node.outputs[0].name or "value"
        self._origin = node.meta.get(_ORIGIN) or origin_of(node)

    def op(self, op_type: str, *inputs: ir.Value, **attributes: int | float | str | Sequence[int]) -> ir.Value:
        """A standard node; returns its only output."""
        node = ir.node(op_type, list(inputs), attributes=attributes, num_outputs=1)
        node.outputs[0].name = f"{self._stem}/hwflow_{len(self.nodes)}_{op_type}"
        return self._insert(node)

    def quant(
        self, value: ir.Value, scale: ir.Value | float, bits: int, *,
        signed: bool = True, rounding: str = "ROUND", zero_point: float = 0.0,
    ) -> ir.Value:  # fmt: skip
        """A QONNX Quant; returns its output."""
        step = scale if isinstance(scale, ir.Value) else self.const(scale, "scale")
        inputs = [value, step, self.const(zero_point, "zero_point"), self.const(float(bits), "bits")]
        attributes: dict[str, int | str] = {"signed": int(signed), "narrow": 0, "rounding_mode": rounding}
        node = ir.node("Quant", inputs, attributes=attributes, domain=_QONNX)
        node.outputs[0].name = f"{self._stem}/hwflow_{len(self.nodes)}_Quant"
        self.graph.opset_imports[_QONNX] = 1
        return self._insert(node)

    def copy(self, node: ir.Node, inputs: Sequence[ir.Value | None], index: int = 0) -> ir.Value:
        """The same operator on other inputs; returns one of its outputs."""
        count = len(node.outputs)
        made = ir.Node(node.domain, node.op_type, inputs, list(node.attributes.values()), num_outputs=count)
        for number, output in enumerate(made.outputs):
            output.name = f"{self._stem}/hwflow_{len(self.nodes)}_{node.op_type}" + (f"_{number}" if count > 1 else "")
        self._insert(made)
        return made.outputs[index]

    def _insert(self, node: ir.Node) -> ir.Value:
        node.meta[_ORIGIN] = self._origin
        self.graph.insert_before(self.node, [node])
        self.nodes.append(node)
        return node.outputs[0]

    def const(self, array: np.ndarray | float, hint: str = "const") -> ir.Value:
        """A constant, float32 unless the array says otherwise."""
        return constant(self.graph, np.asarray(array, np.float32) if isinstance(array, float) else array, hint)
