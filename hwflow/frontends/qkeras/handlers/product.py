"""Products of two computed tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.qkeras.handlers.common import operands, refused
from hwflow.frontends.qkeras.writer import Value, Writer


def matmul(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``keras.ops.matmul`` over the last two axes; leading axes broadcast."""
    a, b = _two(writer, layer, arguments)
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[-1] != b.shape[-2]:
        raise refused(layer, f"tensors {list(a.shape)} and {list(b.shape)}", "ones that multiply")
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    return Value(writer.op("MatMul", a.name, b.name), shape)


def dot(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """The Dot layer: sums over one axis of each; the others follow one another, those of the first tensor first."""
    a, b = _two(writer, layer, arguments)
    if layer.config.get("normalize"):
        raise refused(layer, "normalize=True, which divides by a norm", "normalize=False")
    axes = layer.config["axes"]
    i, j = (n % len(v.shape) for n, v in zip(axes if isinstance(axes, list) else [axes, axes], (a, b), strict=True))
    if not i or not j or a.shape[i] != b.shape[j]:
        raise refused(layer, f"axes {axes} of {list(a.shape)} and {list(b.shape)}", "axes of one length, not the batch")
    left, right = _without(a.shape, i), _without(b.shape, j)
    a_name = _matrix(writer, a, [*left, i], (1, math.prod(a.shape[k] for k in left), a.shape[i]))
    b_name = _matrix(writer, b, [j, *right], (1, b.shape[j], math.prod(b.shape[k] for k in right)))
    product = writer.op("MatMul", a_name, b_name)
    shape = (1, *(a.shape[k] for k in left), *(b.shape[k] for k in right))
    shape = shape if len(shape) > 1 else (1, 1)
    return Value(_shaped(writer, product, (1, _size(a, left), _size(b, right)), shape), shape)


def _without(shape: tuple[int, ...], axis: int) -> list[int]:
    """All axes but the batch and one."""
    return [k for k in range(1, len(shape)) if k != axis]


def _size(value: Value, axes: list[int]) -> int:
    return math.prod(value.shape[k] for k in axes)


def _matrix(writer: Writer, value: Value, order: list[int], shape: tuple[int, ...]) -> str:
    """The value as a stack of one matrix."""
    perm = [0, *order]
    return _shaped(writer, writer.transpose(value.name, perm), tuple(value.shape[k] for k in perm), shape)


def _shaped(writer: Writer, name: str, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    return name if before == after else writer.op("Reshape", name, writer.constant(list(after), "shape"))


def _two(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> list[Value]:
    values = operands(arguments)
    if len(values) != 2 or not all(isinstance(v, Value) for v in values):
        raise refused(layer, f"{len(values)} operands", "two tensors", "Call it on two tensors.")
    return [writer.keras_order(v) for v in values]
