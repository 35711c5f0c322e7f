"""Rules of ``simplify`` for images: a bias leaves its Conv, means become sums, all as ops that have a handler."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from hwflow.limits import LIMITS
from hwflow.onnx_import.attributes import int_of, ints_of
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.rewrite import Replacement, replace
from hwflow.onnx_import.sliding import rounds_up, window_of

_SLIDING = ("kernel_shape", "strides", "pads", "auto_pad")


def split_bias(graph: ir.Graph, node: ir.Node) -> None:
    """Conv with a bias becomes Conv and Add."""
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return
    x, weights, bias = node.inputs[:3]
    assert x is not None and weights is not None and weights.shape is not None and bias is not None
    rank = len(weights.shape)

    def build(r: Replacement) -> ir.Value:
        shape = r.const(np.asarray([1, -1, *[1] * (rank - 2)], np.int64), "shape")
        product = r.copy(node, [x, weights])
        product.shape, product.type = node.outputs[0].shape, node.outputs[0].type
        return r.op("Add", product, r.op("Reshape", bias, shape))

    replace(graph, node, build)


def global_mean(graph: ir.Graph, node: ir.Node) -> None:
    """GlobalAveragePool becomes ReduceMean; the axes were an attribute before operator set 18."""
    _over_pixels(graph, node, "ReduceMean")


def global_max(graph: ir.Graph, node: ir.Node) -> None:
    """GlobalMaxPool becomes ReduceMax."""
    _over_pixels(graph, node, "ReduceMax")


def _over_pixels(graph: ir.Graph, node: ir.Node, op_type: str) -> None:
    source = node.inputs[0]
    if source is None or source.shape is None:
        return
    axes = list(range(2, len(source.shape)))

    def build(r: Replacement) -> ir.Value:
        if graph.opset_imports.get("", 1) < 18:
            return r.op(op_type, source, axes=axes, keepdims=1)
        return r.op(op_type, source, r.const(np.asarray(axes, np.int64), "axes"), keepdims=1)

    replace(graph, node, build)


def local_mean(graph: ir.Graph, node: ir.Node) -> None:
    """AveragePool over a power of two of pixels becomes a depthwise Conv with all weights 1, times 1 / count."""
    count = math.prod(ints_of(node, "kernel_shape") or ())
    if count & (count - 1) == 0:
        sum_of_windows(graph, node)


def sum_of_windows(graph: ir.Graph, node: ir.Node) -> bool:
    """Rewrite an AveragePool whose windows all count the same; says whether it could."""
    source, kernel = node.inputs[0], ints_of(node, "kernel_shape") or []
    if source is None or source.shape is None or not source.shape.is_static() or uneven(node, source.shape.numpy()):
        return False
    channels = source.shape.numpy()[1]
    LIMITS.check_shape(f"AveragePool {node.name!r}", (channels, 1, *kernel))

    def build(r: Replacement) -> ir.Value:
        given = {name: node.attributes[name] for name in _SLIDING if name in node.attributes}
        total = r.op("Conv", source, r.const(np.ones((channels, 1, *kernel), np.float32), "ones"), group=channels)
        r.nodes[-1].attributes.update(given)
        total.shape, total.type = node.outputs[0].shape, node.outputs[0].type
        return r.op("Mul", total, r.const(1.0 / math.prod(kernel)))

    replace(graph, node, build)
    return True


def uneven(node: ir.Node, shape: tuple[int, ...]) -> str:
    """Why the windows of an AveragePool do not all count the same number of pixels; empty if they do."""
    try:
        window = window_of(node, ints_of(node, "kernel_shape") or [], shape[2:])
    except Unsupported as refusal:
        return str(refusal)
    if any(window.pads) and not int_of(node, "count_include_pad", 0):
        return "it leaves the padding out of its mean, so that windows count differently; set count_include_pad"
    if rounds_up(node, window, shape[2:]):
        return "ceil_mode adds windows that hang over the edge; pad or crop its input to whole windows"
    return ""
