"""ReduceSum and ReduceMax over any axes."""

from __future__ import annotations

import onnx_ir as ir

from hwflow.ir.ops import ReduceMax, ReduceSum, Reshape
from hwflow.onnx_import.attributes import axes_of, int_of
from hwflow.onnx_import.handlers.movement import ir_axis
from hwflow.onnx_import.handlers.unary import integers
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Value, drop_axis, first_unit_axis


def reduce(importer: Importer, node: ir.Node) -> list[Value]:
    """One integer node per axis; the axis that is left out as the batch has size 1 and needs none."""
    value = integers(importer, node)
    name, rank = node.outputs[0].name or "", len(value.shape)
    given = axes_of(node)
    if given is None and len(node.inputs) > 1 and node.inputs[1] is not None:
        raise Unsupported("its axes are not constants")
    if not given and int_of(node, "noop_with_empty_axes", 0):
        raise Unsupported("it reduces nothing; leave it out")
    axes = [a - rank if a >= 0 else a for a in given or range(rank)]
    op = ReduceSum if node.op_type == "ReduceSum" else ReduceMax
    id, shape = value.id or "", list(value.shape)
    for axis in axes:
        if axis != value.batch and shape[axis] > 1:
            id = importer.emit(name, op(ir_axis(axis, value.batch)), id)
        shape[axis] = 1
    batch = value.batch
    if not int_of(node, "keepdims", 1):
        shape = [n for i, n in enumerate(shape) if i - rank not in axes]
        batch = first_unit_axis(tuple(shape))
        id = importer.builder.add(Reshape(drop_axis(tuple(shape), batch)), id)
    return [Value(id, tuple(shape), batch, importer.own_source(id, name))]
