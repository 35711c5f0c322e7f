"""Scales of reductions and movements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from hwflow.onnx_import.attributes import axes_of, int_of
from hwflow.onnx_import.near_exact.bias import round_bias
from hwflow.onnx_import.near_exact.grid import Reals, compress, is_dyadic
from hwflow.onnx_import.near_exact.queries import array_of, operand
from hwflow.onnx_import.near_exact.scaled import Scaled, Scales, bits_of
from hwflow.onnx_import.values import dyadic


def reduce(s: Scales, node: ir.Node) -> None:
    """ReduceSum and ReduceMax: one scale along the reduced axes, also for what is compared with the sum behind."""
    shape = operand(node).shape
    rank = len(shape or ())
    axes = [a - rank if a >= 0 else a for a in axes_of(node) or range(rank)]
    x = s.uniform(node, 0, *axes, shared=True)
    scale = x.scale
    if scale.ndim and not int_of(node, "keepdims", 1):
        full = scale.reshape((1,) * (rank - scale.ndim) + scale.shape)
        scale = np.squeeze(full, tuple(axes))
    terms = 0 if node.op_type == "ReduceMax" or shape is None else math.prod(shape.numpy()[a] for a in axes)
    total = Scaled(compress(scale), x.frac, x.whole + int(terms).bit_length())
    s.of[node.outputs[0]] = replace(total, narrow=x.narrow and total.bits <= s.options.narrow_bits)


def pad(s: Scales, node: ir.Node) -> None:
    """Zeros are zeros in any scale; one scale for the whole tensor, as they join every channel."""
    x = s.uniform(node, 0, *range(-s.of[operand(node)].scale.ndim, 0))
    s.of[node.outputs[0]] = x


def move(s: Scales, node: ir.Node) -> None:
    """An op that moves elements moves their scales; a number stays what it is."""
    if node.op_type == "Concat":
        for index, value in enumerate(node.inputs):
            if (array := array_of(value)) is not None:
                s.of[node.inputs[index]] = _constant(s, node, index, array)
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
    for value in node.inputs:
        if array_of(value) is not None:
            s.of.pop(value, None)  # another node may read it too


def _constant(s: Scales, node: ir.Node, index: int, array: np.ndarray) -> Scaled:
    """A constant that joins computed tensors: in units of their scale, on their grid or a little finer."""
    others = [s.of[v] for v in node.inputs if v in s.of and array_of(v) is None]
    scale = np.asarray(max(float(other.scale.max()) for other in others))
    if not (np.all(scale == 1) and is_dyadic(array)):
        fracs = [other.frac for other in others]
        frac = None if None in fracs else max(f for f in fracs if f is not None)
        array = round_bias(array / scale, frac, s.options.bias_guard_bits)
        s.constant(node, index, array)
        s.biases += 1
    return Scaled(scale, dyadic(array)[1], bits_of(array) + 1)


def _moved(s: Scales, node: ir.Node) -> list[Reals]:
    """The node itself, in its own operator set, on arrays of scales."""
    feeds = {}
    for value in node.inputs:
        if value is not None and value.name is not None:
            array, shape = array_of(value), () if value.shape is None else value.shape.numpy()
            known = s.of.get(value)
            feeds[value.name] = np.broadcast_to(known.scale, shape) if known is not None else np.asarray(array)
    proto = ir.to_proto(node)
    assert isinstance(proto, onnx.NodeProto)
    inputs = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.UNDEFINED, None) for n in feeds]
    outputs = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.UNDEFINED, None) for n in proto.output]
    graph = onnx.helper.make_graph([proto], "moved", inputs, outputs)
    evaluator = ReferenceEvaluator(graph, opsets={"": s.context.opset})
    return [np.asarray(a, np.float64) for a in evaluator.run(None, feeds)]
