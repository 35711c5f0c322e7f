"""Pooling, local and global."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.keras_files.read_quantiser import read_quantiser
from hwflow.frontends.qkeras.fixed import quantise
from hwflow.frontends.qkeras.handlers.activation import apply
from hwflow.frontends.qkeras.handlers.common import channels_last, integers, refused, subject, tensor
from hwflow.frontends.qkeras.handlers.windows import Windows
from hwflow.frontends.qkeras.writer import Value, Writer


def local(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """MaxPooling, AveragePooling and QAveragePooling2D over windows."""
    channels_last(layer)
    x = tensor(layer, arguments)
    window = integers(layer, "pool_size", len(x.shape) - 2)
    shape = Windows.of(layer, window, x.shape)
    name, area = writer.channels_first(x).name, float(np.prod(window))
    factor = _average_factor(layer, area)
    if factor is not None:  # QKeras multiplies first, so that the mean is the exact sum
        name = writer.op("Mul", name, writer.constant(area))
    op_type = "MaxPool" if "Max" in layer.kind else "AveragePool"
    name = writer.op(op_type, name, kernel_shape=window, **shape.attributes)
    name = name if factor is None else writer.op("Mul", name, writer.constant(factor))
    return apply(writer, layer, Value(name, (1, *shape.sizes, x.shape[-1]), channels_first=True))


def whole(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """GlobalMaxPooling, GlobalAveragePooling and QGlobalAveragePooling2D over all of space."""
    channels_last(layer)
    x = writer.keras_order(tensor(layer, arguments))
    axes, keep = list(range(1, len(x.shape) - 1)), bool(layer.config.get("keepdims", False))
    factor = _average_factor(layer, float(np.prod(x.shape[1:-1])))
    if "Max" in layer.kind:
        name = writer.op("ReduceMax", x.name, axes=axes, keepdims=int(keep))
    elif factor is None:
        name = writer.op("ReduceMean", x.name, axes=axes, keepdims=int(keep))
    else:
        total = writer.op("ReduceSum", x.name, writer.constant(axes, "axes"), keepdims=int(keep))
        name = writer.op("Mul", total, writer.constant(factor))
    return apply(writer, layer, Value(name, (1, *(1,) * (len(axes) if keep else 0), x.shape[-1])))


def _average_factor(layer: Layer, area: float) -> np.float32 | None:
    """QKeras' quantised ``1 / area``; None without a quantiser."""
    quantiser = read_quantiser(f"{subject(layer)}, average_quantizer", layer.config.get("average_quantizer"))
    if quantiser is None:
        return None
    if isinstance(getattr(quantiser, "alpha", None), str):
        raise refused(layer, "an automatic alpha on one number", "alpha=1")
    return np.float32(quantise(subject(layer), quantiser, np.asarray(1.0 / area)).values)
