"""MaxPool: the maximum under a window. Means that have an exact form are sums by now (``simplify``)."""

from __future__ import annotations

import math

import onnx_ir as ir

from hwflow.ir.ops import ReduceMax
from hwflow.onnx_import.attributes import int_of, ints_of
from hwflow.onnx_import.handlers.image import image_of
from hwflow.onnx_import.image_rules import uneven
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.sliding import rounds_up, window_of
from hwflow.onnx_import.values import Value


def max_pool(importer: Importer, node: ir.Node) -> list[Value]:
    """ONNX pads with minus infinity, a Window with zeros: the same behind a ReLU, else refused."""
    if len(node.outputs) > 1 or int_of(node, "storage_order", 0):
        raise Unsupported("its indices are not supported; leave them out")
    image = image_of(importer, node)
    window = window_of(node, ints_of(node, "kernel_shape") or (), image.size)
    if rounds_up(node, window, image.size):
        raise Unsupported("ceil_mode adds windows that hang over the edge; pad or crop its input to whole windows")
    if any(pad >= window.kernel[axis % 2] for axis, pad in enumerate(window.pads)):
        raise Unsupported(f"its pads {list(window.pads)} leave windows without a pixel")
    if any(window.pads) and int(importer.builder.bounds(image.value.id or "").lo.min()) < 0:
        raise Unsupported("its padding would meet negative numbers; put a ReLU in front of it or leave the padding out")
    id, size = image.windows(window, math.prod(window.kernel), image.channels)
    return image.back(importer.emit(image.name, ReduceMax(-2, keepdims=False), id), size)


def average_pool(importer: Importer, node: ir.Node) -> list[Value]:
    """Only those are left that have no exact form."""
    image = image_of(importer, node)
    if reason := uneven(node, image.value.shape):
        raise Unsupported(reason)
    count = math.prod(ints_of(node, "kernel_shape") or ())
    raise Unsupported(f"a mean over {count} numbers, no power of two; pool over a power of two, or use near-exact mode")
