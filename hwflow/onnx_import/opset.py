"""Brings a model of operator set 9 to 12 to 13, so that what follows meets one form of each op.

Source: the changelog of the operators (github.com/onnx/onnx, docs/Changelog.md).
 1. Attributes that became inputs: Slice (10), Clip, Pad (11), Squeeze, Unsqueeze, ReduceSum, Split (13).
 2. Softmax, LogSoftmax and Hardmax worked on the axes in front of ``axis`` by those behind; since 13 along one.
 3. Upsample is a Resize (10), which has a region of interest since 11; Dropout lost its ratio (12).
Ops that did not change, or only for types that no model here has, stay. Newer models are left alone.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.rewrite import Replacement, constant, replace
from hwflow.onnx_import.sizes import static_shapes

OLDEST, TARGET, _IR_VERSION = 9, 13, 8
_INTS, _FLOAT = np.int64, np.float32
_MOVED: dict[str, tuple[int, tuple[tuple[str, type], ...]]] = {
    "Slice": (10, (("starts", _INTS), ("ends", _INTS), ("axes", _INTS))),
    "Clip": (11, (("min", _FLOAT), ("max", _FLOAT))),
    "Pad": (11, (("pads", _INTS), ("value", _FLOAT))),
    "Squeeze": (13, (("axes", _INTS),)),
    "Unsqueeze": (13, (("axes", _INTS),)),
    "ReduceSum": (13, (("axes", _INTS),)),
    "Split": (13, (("split", _INTS),)),
}
_FLATTENING = ("Softmax", "LogSoftmax", "Hardmax")


def upgrade(model: ir.Model) -> None:
    """Rewrite in place."""
    graph = model.graph
    version = graph.opset_imports.get("", TARGET)
    if version >= TARGET:
        return
    shapes = static_shapes(model) | {v.name or "": tuple(v.shape.numpy()) for v in graph.inputs if v.shape is not None}
    for node in list(graph):
        if node.domain in ("", "ai.onnx"):
            _upgrade(graph, node, version, shapes)
    graph.opset_imports[""] = TARGET
    model.ir_version = max(model.ir_version or 0, _IR_VERSION)


def _upgrade(graph: ir.Graph, node: ir.Node, version: int, shapes: dict[str, tuple[int, ...]]) -> None:
    since, moved = _MOVED.get(node.op_type, (0, ()))
    source = node.inputs[0] if node.inputs else None
    if version < since:
        _move_attributes(graph, node, moved)
    elif node.op_type in _FLATTENING and source is not None:
        _soften(graph, node, source, shapes.get(source.name or ""))
    elif node.op_type == "Upsample" or (node.op_type == "Resize" and version < 11):
        _resize(graph, node)
    elif node.op_type == "Dropout":
        node.attributes.pop("ratio", None)


def _move_attributes(graph: ir.Graph, node: ir.Node, moved: tuple[tuple[str, type], ...]) -> None:
    """Inputs in the order of the attributes, as many as are given."""
    operands: list[ir.Value | None] = list(node.inputs[:1])
    for name, dtype in moved:
        attribute = node.attributes.pop(name, None)
        operands.append(None if attribute is None else constant(graph, np.asarray(attribute.value, dtype), name))
    while operands[-1] is None:
        operands.pop()
    made = ir.Node("", node.op_type, operands, list(node.attributes.values()), num_outputs=len(node.outputs))
    _take_place(graph, node, made)


def _take_place(graph: ir.Graph, node: ir.Node, made: ir.Node) -> None:
    made.name = node.name
    graph.insert_before(node, [made])
    names = [old.name for old in node.outputs]
    for old, new in zip(node.outputs, made.outputs, strict=True):
        new.shape, new.type = old.shape, old.type
        old.replace_all_uses_with(new, replace_graph_outputs=old.is_graph_output())
    graph.remove(node, safe=True)
    for name, new in zip(names, made.outputs, strict=True):
        new.name = name


def _soften(graph: ir.Graph, node: ir.Node, source: ir.Value, shape: tuple[int, ...] | None) -> None:
    """Rule 2. Along the last axis both are the same."""
    axis = int_of(node, "axis", 1)
    if axis == -1 or (shape is not None and axis == len(shape) - 1):
        node.attributes["axis"] = ir.AttrInt64("axis", -1)
        return

    def build(r: Replacement) -> ir.Value:
        rows = r.op(node.op_type, r.op("Flatten", source, axis=axis), axis=-1)
        return r.op("Reshape", rows, r.op("Shape", source))

    replace(graph, node, build)


def _resize(graph: ir.Graph, node: ir.Node) -> None:
    """Rule 3: pixel i of the output is pixel floor(i / scale) of the input."""
    x, scales = node.inputs[:2]
    attributes = [
        node.attributes.get("mode", ir.AttrString("mode", "nearest")),
        ir.AttrString("coordinate_transformation_mode", "asymmetric"),
        ir.AttrString("nearest_mode", "floor"),
    ]
    _take_place(graph, node, ir.Node("", "Resize", [x, None, scales], attributes, num_outputs=1))
