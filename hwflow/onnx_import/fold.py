"""Folds every node whose inputs are constants (``constants`` says how they are computed).

No node runs before the size of its output is known and allowed: a few bytes can ask for a constant of terabytes.
Nodes whose shapes only the values of other constants can say wait for the next round.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.bad_values import check_quantisers
from hwflow.onnx_import.constants import compute_constants, read_outside
from hwflow.onnx_import.quantiser import is_quant, power_of_two
from hwflow.onnx_import.sizes import static_shapes

_RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
)

_ROUNDS = 16
QUANTISED_BY = "hwflow.quantised_by"
"""Key of a folded value's ``meta``: the value that a quantiser made with a scale that is not one power of two."""


def fold_constants(model: ir.Model, limits: Limits = LIMITS) -> None:
    """Turn constant subgraphs into initialisers; afterwards graph inputs are real inputs only."""
    graph = model.graph
    _drop_constant_inputs(graph)
    for _ in range(_ROUNDS):
        check_quantisers(graph)
        nodes = _sized(model, _constant_nodes(graph), limits)
        constant = set(nodes)
        frontier = [n.outputs[0] for n in nodes if read_outside(n, constant)]
        if not frontier:
            break
        compute_constants(nodes, graph.opset_imports)
        for value in frontier:
            assert value.const_value is not None
            _store(graph, value, value.const_value.numpy())
        remove_unused(graph)
    remove_unused(graph)


def lift_constants(graph: ir.Graph) -> None:
    """Make initialisers of Constant nodes, but for those that are outputs or texts."""
    for node in list(graph):
        if node.op_type == "Constant" and node.domain in ("", "ai.onnx") and not node.outputs[0].is_graph_output():
            for kind, attribute in list(node.attributes.items())[:1]:
                if kind in _CONSTANTS:
                    dtype = _CONSTANTS[kind]
                    array = attribute.as_tensor().numpy() if dtype is None else np.asarray(attribute.value, dtype)
                    _lift(graph, node, array)


_CONSTANTS = {
    "value": None, "value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64,
}  # fmt: skip


def _lift(graph: ir.Graph, node: ir.Node, array: np.ndarray) -> None:
    output = node.outputs[0]
    value = ir.Value(name=f"{output.name}/lifted", const_value=ir.tensor(array))
    value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
    output.replace_all_uses_with(value)
    name = output.name
    graph.remove(node, safe=True)
    value.name = name
    if name is not None and value.const_value is not None:
        value.const_value.name = name
    graph.register_initializer(value)


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
        foldable = _has_parameters(node) or (node.domain in ("", "ai.onnx") and node.op_type not in _RANDOM)
        if foldable and len(node.outputs) == 1 and all(v is None or v in known for v in node.inputs):
            known.add(node.outputs[0])
            nodes.append(node)
    return nodes


def _has_parameters(node: ir.Node) -> bool:
    """Whether a node is a quantiser whose parameters are constants by now, which ``lower`` reads."""
    return is_quant(node) and all(value is not None and value.const_value is not None for value in node.inputs[1:])


def _sized(model: ir.Model, nodes: list[ir.Node], limits: Limits) -> list[ir.Node]:
    """The nodes whose size is known, and that of all behind them. UserError if there is too much to compute."""
    if not nodes:
        return []
    shapes, sized, total = static_shapes(model), set(model.graph.initializers.values()), 0
    kept = []
    for node in nodes:
        shape = shapes.get(node.outputs[0].name or "")
        if shape is None or not all(v is None or v in sized for v in node.inputs):
            continue
        subject = f"constant {node.outputs[0].name!r} ({node.op_type})"
        if 0 not in shape:
            limits.check_shape(subject, shape)
        total += math.prod(shape)
        if total > limits.parameters:
            raise UserError(
                subject, f"{total} elements of constants", f"at most {limits.parameters}", "Use a smaller model."
            )
        sized.add(node.outputs[0])
        kept.append(node)
    return kept


def _store(graph: ir.Graph, value: ir.Value, array: np.ndarray) -> None:
    """Replace a value by its constant; in float32 if that holds it, as the rest of the model is."""
    if array.dtype == np.float64 and np.array_equal(array, array.astype(np.float32)):
        array = array.astype(np.float32)
    name = f"{value.name}/folded"
    while name in graph.initializers:
        name += "_"
    folded = ir.Value(name=name, const_value=ir.tensor(array, name=name))
    folded.shape, folded.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)
    if quantiser := _real_quantiser(value):
        folded.meta[QUANTISED_BY] = quantiser
    graph.register_initializer(folded)
    value.replace_all_uses_with(folded, replace_graph_outputs=value.is_graph_output())


def _real_quantiser(value: ir.Value) -> str:
    """The name of what a quantiser of a real scale put out, from which movements made a constant; else empty."""
    node = value.producer()
    while node is not None and node.op_type in ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Slice"):
        node = node.inputs[0].producer() if node.inputs[0] is not None else None
    if node is None or not (is_quant(node) or node.op_type == "DequantizeLinear"):
        return ""
    scale = node.inputs[1].const_value if node.inputs[1] is not None else None
    return node.outputs[0].name or "" if scale is not None and power_of_two(scale.numpy()) is None else ""
