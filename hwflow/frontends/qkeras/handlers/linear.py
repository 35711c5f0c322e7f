"""Dense and convolutional layers, with and without a folded BatchNorm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.qkeras.fixed import Fixed
from hwflow.frontends.qkeras.handlers.activation import apply
from hwflow.frontends.qkeras.handlers.common import channels_last, integers, plain, refused, shaped, tensor, weights
from hwflow.frontends.qkeras.handlers.windows import Windows
from hwflow.frontends.qkeras.writer import Value, Weight, Writer


def dense(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """MatMul and Add over the last axis."""
    x = writer.keras_order(tensor(layer, arguments))
    kernel, bias = parameters(layer, "kernel")
    outputs = plain(kernel).shape[-1]
    shaped(layer, kernel, (x.shape[-1], outputs))
    name = writer.op("MatMul", x.name, writer.weights(kernel, "kernel"))
    name = name if bias is None else writer.op("Add", name, writer.weights(bias, "bias"))
    return apply(writer, layer, Value(name, (*x.shape[:-1], outputs)))


def convolution(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Conv; a kernel (*window, inputs, outputs) becomes (outputs, inputs, *window)."""
    kernel, bias = parameters(layer, "kernel")
    rank = plain(kernel).ndim
    inputs, outputs = plain(kernel).shape[-2:]
    turned = _moved(kernel, lambda a: np.transpose(a, (rank - 1, rank - 2, *range(rank - 2))))
    return _convolution(writer, layer, arguments, turned, bias, (inputs, outputs, layer.config.get("groups", 1)))


def depthwise(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Conv in as many groups as there are channels; a kernel (h, w, channels, multiplier)."""
    kernel, bias = parameters(layer, "depthwise_kernel")
    height, width, channels, multiplier = plain(kernel).shape
    outputs = channels * multiplier
    turned = _moved(kernel, lambda a: np.transpose(a.reshape(height, width, 1, outputs), (3, 2, 0, 1)))
    return _convolution(writer, layer, arguments, turned, bias, (1, outputs, channels))


def _convolution(
    writer: Writer,
    layer: Layer,
    arguments: Sequence[Any],
    kernel: Weight,
    bias: Weight | None,
    sizes: tuple[int, int, int],
) -> Value:
    """The Conv node, zeros in front of it among its own. ``sizes``: input channels of a group, outputs, groups."""
    channels_last(layer)
    x, (inputs, outputs, groups) = tensor(layer, arguments), sizes
    window = plain(kernel).shape[2:]
    if layer.config.get("mask") is not None:
        raise refused(layer, "a mask on the kernel", "none", "Set the masked weights to 0.")
    if (
        len(x.shape) != len(window) + 2
        or x.shape[-1] != inputs * groups
        or integers(layer, "kernel_size", len(window)) != window
    ):
        raise refused(layer, f"data {list(x.shape)} and window {list(window)}", "ones that fit", "Save it again.")
    shape = Windows.of(layer, window, x.shape)
    source, pads = writer.paddings.get(x.name, (x, []))
    if pads:
        shape.attributes["pads"] = [a + b for a, b in zip(pads, shape.attributes["pads"], strict=True)]
    operands = [writer.channels_first(source).name, writer.weights(kernel, "kernel")]
    operands += [] if bias is None else [writer.weights(bias, "bias")]
    name = writer.op("Conv", *operands, kernel_shape=window, group=groups, **shape.attributes)
    return apply(writer, layer, Value(name, (1, *shape.sizes, outputs), channels_first=True))


def parameters(layer: Layer, kernel: str) -> tuple[Weight, Weight | None]:
    """Kernel and bias, quantised; a BatchNorm inside the layer is folded into both first, as QKeras does."""
    option = kernel.replace("depthwise_kernel", "depthwise") + "_quantizer"
    if "gamma" in layer.weights or "moving_mean" in layer.weights:
        folded, bias = _folded(layer, kernel)
        return weights(layer, kernel, option, folded), weights(layer, "bias", "bias_quantizer", bias)
    bias_there = "bias" in layer.weights
    return weights(layer, kernel, option), weights(layer, "bias", "bias_quantizer") if bias_there else None


def _folded(layer: Layer, kernel: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """``gamma * w / sqrt(var + eps)`` and ``gamma * (b - mean) / sqrt(var + eps) + beta``, in QKeras' order."""
    w, one = {k: v.astype(np.float32) for k, v in layer.weights.items()}, np.float32(1)
    inverse = one / np.sqrt(w["moving_variance"] + np.float32(layer.config["epsilon"]))
    inverse = inverse * w["gamma"] if "gamma" in w else inverse
    bias = inverse * (w.get("bias", np.float32(0)) - w["moving_mean"]) + w.get("beta", np.float32(0))
    factor = inverse.reshape(w[kernel].shape[2:]) if kernel == "depthwise_kernel" else inverse
    return factor * w[kernel], bias


def _moved(weight: Weight, move: Any) -> Weight:
    if isinstance(weight, Fixed):
        return weight.moved(move)
    return np.asarray(move(weight))


def scale_bias(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """BatchNormalization and QBatchNormalization: a factor and an offset per feature."""
    x = tensor(layer, arguments)
    factor, offset = _affine(layer)
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, len(x.shape) - 1):
        raise refused(layer, f"axis={axis}", "the last axis")
    if x.channels_first:
        shape = (-1, *(1,) * (len(x.shape) - 2))
        factor, offset = (_moved(v, lambda a: a.reshape(shape)) for v in (factor, offset))
    product = writer.op("Mul", x.name, writer.weights(factor, "factor"))
    return replace(x, name=writer.op("Add", product, writer.weights(offset, "offset")))


def given_scale_bias(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """hwflow's own ScaleBias: a quantised factor and offset per feature."""
    x = writer.keras_order(tensor(layer, arguments))
    names = (("weight", "weight_quantizer"), ("bias", "bias_quantizer"))
    factor, offset = (weights(layer, name, option) for name, option in names)
    product = writer.op("Mul", x.name, writer.weights(factor, "weight"))
    return writer.like(x, writer.op("Add", product, writer.weights(offset, "bias")))


def _affine(layer: Layer) -> tuple[Weight, Weight]:
    """Factor and offset in QKeras' order of operations, each statistic through its own quantiser."""
    names = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "variance": "moving_variance"}
    kept = {k: plain(weights(layer, w, f"{k}_quantizer")) for k, w in names.items() if w in layer.weights}
    inverse = np.float32(1) / np.sqrt(kept["variance"] + np.float32(layer.config["epsilon"]))
    inverse = inverse * kept["gamma"] if "gamma" in kept else inverse
    factor = weights(layer, "inverse", "inverse_quantizer", inverse)
    offset = kept.get("beta", np.float32(0)) - kept["mean"] * plain(factor)
    return factor, np.asarray(offset)
