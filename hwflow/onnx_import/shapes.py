"""The shape arithmetic that exporters leave in a graph: ``Shape`` of a static value is a constant."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.fold import fold_constants
from hwflow.onnx_import.rewrite import replace
from hwflow.onnx_import.sizes import static_values


def infer_shapes(model: ir.Model) -> None:
    """Set shape and type of every value that a node computes, where the shape can be known."""
    values = static_values(model)
    for node in model.graph:
        for output in node.outputs:
            if (found := values.get(output.name or "")) is not None:
                shape, type = found
                output.shape = ir.Shape(shape)
                if type != ir.DataType.UNDEFINED:
                    output.type = ir.TensorType(type)  # a clone shares the old one


def resolve_shapes(model: ir.Model) -> None:
    """Infer the shapes; fold every ``Shape`` of a static value and what is computed from it."""
    infer_shapes(model)
    while [node for node in list(model.graph) if node.op_type == "Shape" and _fold(model.graph, node)]:
        fold_constants(model)
        infer_shapes(model)


def _fold(graph: ir.Graph, node: ir.Node) -> bool:
    source = node.inputs[0]
    if source is None or source.shape is None or not source.shape.is_static():
        return False
    start = node.attributes["start"].as_int() if "start" in node.attributes else 0
    end = node.attributes["end"].as_int() if "end" in node.attributes else None
    sizes = np.asarray(source.shape.numpy()[start:end], np.int64)
    replace(graph, node, lambda r: r.const(sizes, "shape"))
    return True
