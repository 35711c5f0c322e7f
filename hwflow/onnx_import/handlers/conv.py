"""Conv: windows of pixels times a matrix, pixel by pixel where the kernel is 1 x 1, channel by channel if depthwise.

A bias is an Add behind it (``simplify``).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import MatMul, Mul, ReduceSum, Reshape, Window
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.handlers.image import Image, image_of
from hwflow.onnx_import.handlers.matmul import weights_of
from hwflow.onnx_import.handlers.unary import real
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.sliding import window_of
from hwflow.onnx_import.values import Constant, Value

MAX_DOUBLE_TAPS = 256


def conv(importer: Importer, node: ir.Node) -> list[Value]:
    """A convolution over rows and columns, or along a sequence."""
    symbol = importer.symbols[node.inputs[1]]  # type: ignore[index]
    if not isinstance(symbol, Constant):
        raise Unsupported("its weights are computed; only constant weights are supported")
    image, weights, group = image_of(importer, node), real(symbol), int_of(node, "group", 1)
    outputs, inputs, *kernel = weights.shape
    if len(kernel) != len(image.size) or inputs * group != image.channels:
        raise Unsupported(f"its weights {list(weights.shape)} do not fit its input {list(image.value.shape)}")
    window = window_of(node, kernel, image.size)
    if group == 1:
        return _full(image, weights, window)
    if group == outputs == image.channels:
        return _depthwise(image, weights, window)
    raise Unsupported(
        f"{group} groups from {image.channels} to {outputs} channels; only one group, or depthwise with as many outputs"
        " as inputs, is supported; split the channels and concatenate the results"
    )


def _full(image: Image, weights: np.ndarray, window: Window) -> list[Value]:
    importer, taps = image.importer, int(np.prod(window.kernel))
    array, frac = weights_of(weights.reshape(len(weights), image.channels, taps))
    matrix = importer.builder.constant(array.transpose(2, 1, 0).reshape(taps * image.channels, -1), frac)
    if window == Window((1, 1)):
        size, group = image.size, (int(np.prod(image.size)), image.channels)
        rows = importer.builder.add(Reshape(group), image.channels_last())
    else:
        rows, size = image.windows(window, taps * image.channels)
    return _result(image, importer.emit(image.name, MatMul(), rows, matrix), size, window)


def _depthwise(image: Image, weights: np.ndarray, window: Window) -> list[Value]:
    importer = image.importer
    array, frac = weights_of(weights.reshape(image.channels, -1))
    id, size = image.windows(window, int(np.prod(window.kernel)), image.channels)
    if frac or np.any(array != 1):  # a local mean is a sum with all weights 1
        id = importer.emit(image.name, Mul(), id, importer.builder.constant(array.T, frac))
    return _result(image, importer.emit(image.name, ReduceSum(-2, keepdims=False), id), size, window)


def _result(image: Image, pixels: str, size: tuple[int, ...], window: Window) -> list[Value]:
    """Back to ONNX, where a Conv in double is a product for each tap (``double_conv``)."""
    taps = int(np.prod(window.kernel))
    if taps > MAX_DOUBLE_TAPS and image.name in image.importer.wide:
        raise Unsupported(f"it needs over 24 bits with a kernel of {taps} taps; quantise its input to fewer bits")
    return image.back(pixels, size)
