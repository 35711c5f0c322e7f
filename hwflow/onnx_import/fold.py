"""Folds every node whose inputs are constants, by running exactly those nodes in onnxruntime."""

from __future__ import annotations

import onnx_ir as ir

from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.quantiser import is_quant
from hwflow.onnx_import.session import session_of


def fold_constants(model: ir.Model) -> None:
    """Turn constant subgraphs into initialisers; afterwards graph inputs are real inputs only."""
    graph = model.graph
    _drop_constant_inputs(graph)
    constant = _constant_nodes(graph)
    frontier = [n.outputs[0] for n in constant if _read_outside(n, set(constant))]
    if frontier:
        for value, array in zip(frontier, _evaluate(model, frontier), strict=True):
            name = f"{value.name}/folded"
            folded = ir.Value(name=name, const_value=ir.tensor(array, name=name))
            folded.shape, folded.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
            graph.register_initializer(folded)
            value.replace_all_uses_with(folded, replace_graph_outputs=value.is_graph_output())
    remove_unused(graph)


def remove_unused(graph: ir.Graph) -> None:
    """Drop nodes and initialisers that nothing reads, in one backward sweep."""
    for node in reversed(list(graph)):
        if all(not o.uses() and not o.is_graph_output() for o in node.outputs):
            graph.remove(node, safe=True)
    for name, value in list(graph.initializers.items()):
        if not value.uses() and not value.is_graph_output():
            del graph.initializers[name]


def _drop_constant_inputs(graph: ir.Graph) -> None:
    """QONNX lists initialisers as inputs too, which keeps onnxruntime from folding."""
    real = [value for value in graph.inputs if value.name not in graph.initializers]
    if len(real) != len(graph.inputs):
        graph.inputs[:] = real


def _constant_nodes(graph: ir.Graph) -> list[ir.Node]:
    known: set[ir.Value] = set(graph.initializers.values())
    nodes = []
    for node in graph:
        foldable = node.domain in ("", "ai.onnx") or is_quant(node)
        if foldable and len(node.outputs) == 1 and all(v is None or v in known for v in node.inputs):
            known.add(node.outputs[0])
            nodes.append(node)
    return nodes


def _read_outside(node: ir.Node, constant: set[ir.Node]) -> bool:
    output = node.outputs[0]
    return output.is_graph_output() or any(use.node not in constant for use in output.uses())


def _evaluate(model: ir.Model, values: list[ir.Value]) -> list[ir.np.ndarray]:  # type: ignore[name-defined]
    """Run the nodes behind ``values`` in a clone of the model that has only them as outputs."""
    clone = model.clone()
    by_name = {o.name: o for node in clone.graph for o in node.outputs}
    clone.graph.outputs[:] = [by_name[v.name] for v in values]
    remove_unused(clone.graph)
    clone.graph.inputs[:] = []
    lower(clone)
    return session_of(clone).run([v.name for v in values], {})
