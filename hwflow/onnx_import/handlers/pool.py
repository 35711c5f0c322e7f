"""MaxPool: the maximum under a window. Means that have an exact form are sums by now (``simplify``)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import Add, ReduceMax, Sub
from hwflow.onnx_import.attributes import int_of, ints_of
from hwflow.onnx_import.handlers.image import image_of
from hwflow.onnx_import.image_rules import uneven
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.sliding import rounds_up, window_of
from hwflow.onnx_import.values import Value


def max_pool(importer: Importer, node: ir.Node) -> list[Value]:
    """ONNX pads with minus infinity, a Window with zeros: the least of numbers that are moved to start at 0."""
    if len(node.outputs) > 1 or int_of(node, "storage_order", 0):
        raise Unsupported("its indices are not supported; leave them out")
    image = image_of(importer, node)
    window = window_of(node, ints_of(node, "kernel_shape") or (), image.size)
    if rounds_up(node, window, image.size):
        raise Unsupported("ceil_mode adds windows that hang over the edge; pad or crop its input to whole windows")
    if any(pad >= window.kernel[axis % 2] for axis, pad in enumerate(window.pads)):
        raise Unsupported(f"its pads {list(window.pads)} leave windows without a pixel")
    id = image.value.id or ""
    least, frac = int(importer.builder.bounds(id).lo.min()), importer.builder.tensor(id).type.frac
    offset = importer.builder.constant(np.asarray(least), frac) if any(window.pads) and least < 0 else None
    if offset is not None:
        moved = importer.emit(image.name, Sub(), id, offset)
        image = replace(image, value=replace(image.value, id=moved))
    id, size = image.windows(window, math.prod(window.kernel), image.channels)
    id = importer.emit(image.name, ReduceMax(-2, keepdims=False), id)
    return image.back(id if offset is None else importer.emit(image.name, Add(), id, offset), size)


def average_pool(importer: Importer, node: ir.Node) -> list[Value]:
    """Only those are left that have no exact form."""
    image = image_of(importer, node)
    if reason := uneven(node, image.value.shape):
        raise Unsupported(reason)
    count = math.prod(ints_of(node, "kernel_shape") or ())
    raise Unsupported(f"a mean over {count} numbers, no power of two; pool over a power of two, or use near-exact mode")
