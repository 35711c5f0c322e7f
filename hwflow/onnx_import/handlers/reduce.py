"""ReduceSum and ReduceMax over any axes: one axis is one integer node.

Several are one node too where kernels know it: over the pixels of an image, and over all of a frame as one row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx_ir as ir

from hwflow.ir.ops import ReduceMax, ReduceSum, Reshape, Transpose
from hwflow.onnx_import.attributes import axes_of, int_of
from hwflow.onnx_import.handlers.movement import ir_axis
from hwflow.onnx_import.handlers.unary import integers
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Value, drop_axis, first_unit_axis


def reduce(importer: Importer, node: ir.Node) -> list[Value]:
    """A reduction; the axes may be counted from either end, or all."""
    value = integers(importer, node)
    name, rank = node.outputs[0].name or "", len(value.shape)
    given = axes_of(node)
    if given is None and len(node.inputs) > 1 and node.inputs[1] is not None:
        raise Unsupported("its axes are not constants")
    if not given and int_of(node, "noop_with_empty_axes", 0):
        raise Unsupported("it reduces nothing; leave it out")
    axes = [a - rank if a >= 0 else a for a in given or range(rank)]
    op = ReduceSum if node.op_type == "ReduceSum" else ReduceMax
    shape = [1 if i - rank in axes else n for i, n in enumerate(value.shape)]
    id, batch = _reduced(importer, value, axes, op, name), value.batch
    if not int_of(node, "keepdims", 1):
        shape = [n for i, n in enumerate(shape) if i - rank not in axes]
        batch = first_unit_axis(tuple(shape))
        id = importer.builder.add(Reshape(drop_axis(tuple(shape), batch)), id)
    return [Value(id, tuple(shape), batch, importer.own_source(id, name))]


def _reduced(importer: Importer, value: Value, axes: Sequence[int], op: type[ReduceSum | ReduceMax], name: str) -> str:
    """The reduced tensor with the reduced axes kept; the axis left out as the batch has size 1 and needs no node."""
    add, id, shape = importer.builder.add, value.id or "", value.ir_shape
    wanted = sorted({ir_axis(a, value.batch) for a in axes if a != value.batch and value.shape[a] > 1})
    kept = tuple(1 if i - len(shape) in wanted else n for i, n in enumerate(shape))
    if len(wanted) > 1 and set(kept) == {1}:
        row = add(Reshape((1, math.prod(shape))), id)
        return add(Reshape(kept), importer.emit(name, op(-1), row))
    if len(shape) == 3 and wanted in ([-2, -1], [-3, -2]):
        if wanted == [-2, -1]:  # channels first
            id, shape = add(Transpose((1, 2, 0)), id), (*shape[1:], shape[0])
        pixels = add(Reshape((shape[0] * shape[1], shape[2])), id)
        return add(Reshape(kept), importer.emit(name, op(-2), pixels))
    for axis in wanted:
        id = importer.emit(name, op(axis), id)
    return id
