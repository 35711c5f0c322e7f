"""Scales of reductions and movements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from hwflow.onnx_import.attributes import axes_of, int_of
from hwflow.onnx_import.near_exact.grid import Reals, compress
from hwflow.onnx_import.near_exact.queries import array_of, operand
from hwflow.onnx_import.near_exact.scaled import Scaled, Scales


def reduce(s: Scales, node: ir.Node) -> None:
    """ReduceSum and ReduceMax: one scale along the reduced axes."""
    shape = operand(node).shape
    rank = len(shape or ())
    axes = [a - rank if a >= 0 else a for a in axes_of(node) or range(rank)]
    x = s.uniform(node, 0, *axes)
    scale = x.scale
    if scale.ndim and not int_of(node, "keepdims", 1):
        full = scale.reshape((1,) * (rank - scale.ndim) + scale.shape)
        scale = np.squeeze(full, tuple(axes))
    terms = 0 if node.op_type == "ReduceMax" or shape is None else math.prod(shape.numpy()[a] for a in axes)
    total = Scaled(compress(scale), x.frac, x.whole + int(terms).bit_length())
    s.of[node.outputs[0]] = replace(total, narrow=x.narrow and total.bits <= s.options.narrow_bits)


def move(s: Scales, node: ir.Node) -> None:
    """An op that moves elements moves their scales; a number stays what it is."""
    parts = [s.of[v] for v in node.inputs if v in s.of]
    first = parts[0]
    joined = replace(
        first,
        frac=None if any(p.frac is None for p in parts) else max(p.frac or 0 for p in parts),
        whole=max(p.whole for p in parts),
        narrow=all(p.narrow and p.scale.ndim == 0 for p in parts),
    )
    same = first.scale.ndim == 0 and all(np.array_equal(p.scale, first.scale) for p in parts)
    arrays = [first.scale for _ in node.outputs] if same else _moved(s, node)
    for output, array in zip(node.outputs, arrays, strict=True):
        s.of[output] = replace(joined, scale=compress(array))


def _moved(s: Scales, node: ir.Node) -> list[Reals]:
    """The node itself on arrays of scales."""
    proto = ir.to_proto(node)
    assert isinstance(proto, onnx.NodeProto)
    feeds = {}
    for value in node.inputs:
        if value is not None and value.name is not None:
            array = array_of(value)
            shape = () if value.shape is None else value.shape.numpy()
            feeds[value.name] = np.broadcast_to(s.of[value].scale, shape) if array is None else array
    return [np.asarray(a, np.float64) for a in ReferenceEvaluator(proto).run(None, feeds)]
