"""Rules of ``simplify`` for images: a bias leaves its Conv, means become sums, all as ops that have a handler."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def plain_kernel(graph: ir.Graph, node: ir.Node) -> None:
    """A dilated or grouped kernel becomes a full one with zeros where it takes nothing; a depthwise one stays."""
    weights = node.inputs[1]
    if weights is None or weights.const_value is None or len(weights.const_value.shape) < 3:
        return
    given = array = weights.const_value.numpy()
    dilations, group = ints_of(node, "dilations") or [], int_of(node, "group", 1)
    if any(d > 1 for d in dilations) and len(dilations) == array.ndim - 2:
        array = _with_holes(array, dilations)
    if group > 1 and not group == len(array) == array.shape[1] * group and len(array) % group == 0:
        array, group = _with_all_inputs(array, group), 1
    if array is given:
        return
    attributes = {k: v for k, v in node.attributes.items() if k not in ("dilations", "group", "kernel_shape")}

    def build(r: Replacement) -> ir.Value:
        x, _, *bias = node.inputs
        made = r.copy(node, [x, r.const(array.astype(given.dtype), "kernel"), *bias])
        attributes["group"] = ir.AttrInt64("group", group)
        r.nodes[-1].attributes.clear()
        r.nodes[-1].attributes.update(attributes)
        return made

    replace(graph, node, build)


def _with_holes(array: np.ndarray, dilations: Sequence[int]) -> np.ndarray:
    """Weights (outputs, inputs, *kernel) with zeros between the taps."""
    kernel = [(n - 1) * d + 1 for n, d in zip(array.shape[2:], dilations, strict=True)]
    LIMITS.check_shape("a dilated kernel", (*array.shape[:2], *kernel))
    full = np.zeros((*array.shape[:2], *kernel), array.dtype)
    full[(slice(None), slice(None), *(slice(None, None, d) for d in dilations))] = array
    return full


def _with_all_inputs(array: np.ndarray, group: int) -> np.ndarray:
    """Weights (outputs, inputs of a group, *kernel) with zeros for the inputs of the other groups."""
    outputs, inputs, *kernel = array.shape
    LIMITS.check_shape("a grouped kernel", (outputs, inputs * group, *kernel))
    full = np.zeros((group, outputs // group, group, inputs, *kernel), array.dtype)
    for index, part in enumerate(array.reshape(group, outputs // group, inputs, *kernel)):
        full[index, :, index] = part
    return full.reshape(outputs, group * inputs, *kernel)


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
