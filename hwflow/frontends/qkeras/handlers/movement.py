"""Reordering, joining, cutting and reducing tensors. Axis 0 is the batch and stays where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.qkeras.handlers.common import operands, refused, tensor
from hwflow.frontends.qkeras.writer import Value, Writer

REDUCTIONS = {"Max": "ReduceMax", "Sum": "ReduceSum", "Mean": "ReduceMean"}


def reshape(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Flatten, Reshape, and ``keras.ops`` reshape, squeeze and expand_dims."""
    x = writer.keras_order(tensor(layer, arguments))
    shape = _new_shape(layer, x.shape)
    return Value(writer.op("Reshape", x.name, writer.constant(list(shape), "shape")), shape)


def _new_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    config = layer.config
    if layer.kind == "Flatten":
        return 1, math.prod(shape)
    if layer.kind == "ExpandDims":
        return tuple(int(n) for n in np.expand_dims(np.empty(shape, bool), config["axis"]).shape)
    if layer.kind == "Squeeze":
        axes = {a % len(shape) for a in np.atleast_1d(config["axis"]).tolist()}
        return tuple(n for i, n in enumerate(shape) if i not in axes)
    if "target_shape" in config:
        new = [1, *config["target_shape"]]
    else:
        new = [n if n is not None else -1 for n in config["newshape"]]
        new[0] = 1  # the batch, which users write as -1, None or shape(x)[0]
    if not all(type(n) is int for n in new) or new.count(-1) > 1:
        raise refused(layer, f"the shape {new}", "integers, at most one of them -1")
    rest = math.prod(n for n in new if n != -1)
    filled = tuple(math.prod(shape) // max(rest, 1) if n == -1 else n for n in new)
    if math.prod(filled) != math.prod(shape):
        raise refused(layer, f"the shape {list(filled)} for {list(shape)}", "as many elements")
    return filled


def transpose(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Permute and ``keras.ops.transpose``."""
    x = writer.keras_order(tensor(layer, arguments))
    axes = [0, *layer.config["dims"]] if "dims" in layer.config else layer.config.get("axes")
    axes = list(reversed(range(len(x.shape)))) if axes is None else [a % len(x.shape) for a in axes]
    if sorted(axes) != list(range(len(x.shape))) or axes[0] != 0:
        raise refused(layer, f"the order {axes}", "all axes, the batch first")
    return Value(writer.transpose(x.name, axes), tuple(x.shape[a] for a in axes))


def concatenate(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """Join along one axis."""
    values = [writer.keras_order(v) for v in operands(arguments)]
    axis = _axis(layer, layer.config.get("axis", -1), len(values[0].shape))
    shape = list(values[0].shape)
    shape[axis] = sum(v.shape[axis] for v in values)
    return Value(writer.op("Concat", *(v.name for v in values), axis=axis), tuple(shape))


def split(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> list[Value]:
    """``keras.ops.split`` into equal parts, or at indices."""
    x = writer.keras_order(tensor(layer, arguments))
    axis, where = _axis(layer, layer.config["axis"], len(x.shape)), layer.config["indices_or_sections"]
    edges = [0, *where, x.shape[axis]] if isinstance(where, list) else np.linspace(0, x.shape[axis], where + 1).tolist()
    sizes = [int(b - a) for a, b in pairwise(edges)]
    if min(sizes) < 1 or sum(sizes) != x.shape[axis]:
        raise refused(layer, f"parts of {sizes}", f"parts of {x.shape[axis]}")
    names = [writer.unique("part") for _ in sizes]
    first = writer.op("Split", x.name, writer.constant(sizes, "sizes"), outputs=len(sizes), axis=axis)
    writer.nodes[-1].output[:] = [first, *names[1:]]
    shapes = [(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in sizes]
    return [Value(name, shape) for name, shape in zip([first, *names[1:]], shapes, strict=True)]


def item(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``x[:, 1:3, 0]``: slices of step 1 and single indices."""
    x, key = writer.keras_order(arguments[0]), list(np.atleast_1d(np.asarray(arguments[1], object)))
    name, shape, kept = x.name, list(x.shape), []
    for axis, part in enumerate(key):
        if isinstance(part, slice) and part.step in (None, 1):
            start, stop, _ = part.indices(shape[axis])
        elif type(part) is int and axis and -shape[axis] <= part < shape[axis]:
            start, stop = part % shape[axis], part % shape[axis] + 1
        else:
            raise refused(layer, f"the index {part!r} of axis {axis}", "slices without a step, or integers")
        if (start, stop) != (0, shape[axis]):
            bounds = (writer.constant([n], "bound") for n in (start, stop, axis))
            name, shape[axis] = writer.op("Slice", name, *bounds), stop - start
        kept += [shape[axis]] if isinstance(part, slice) else []
    final = (*kept, *shape[len(key) :])
    if len(final) < len(shape):
        name = writer.op("Reshape", name, writer.constant(list(final), "shape"))
    return Value(name, final)


def reduction(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``keras.ops`` max, sum and mean."""
    x = writer.keras_order(tensor(layer, arguments))
    chosen, keep = layer.config.get("axis"), bool(layer.config.get("keepdims", False))
    axes = sorted({_axis(layer, a, len(x.shape)) for a in (chosen if isinstance(chosen, list) else [chosen])})
    if layer.kind == "Sum":
        name = writer.op("ReduceSum", x.name, writer.constant(axes, "axes"), keepdims=int(keep))
    else:
        name = writer.op(REDUCTIONS[layer.kind], x.name, axes=axes, keepdims=int(keep))
    kept = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
    return Value(name, tuple(kept))


def pad(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """ZeroPadding1D and 2D."""
    x, padding = writer.keras_order(tensor(layer, arguments)), layer.config["padding"]
    rows = [padding] if layer.kind == "ZeroPadding1D" else padding
    rows = [row if isinstance(row, list | tuple) else [row, row] for row in rows]
    before, after = ([0, *(int(row[i]) for row in rows), 0] for i in (0, 1))
    name = writer.op("Pad", x.name, writer.constant([*before, *after], "pads"))
    writer.paddings[name] = (x, [*before[1:-1], *after[1:-1]])
    return Value(name, tuple(n + a + b for n, a, b in zip(x.shape, before, after, strict=True)))


def _axis(layer: Layer, axis: Any, rank: int) -> int:
    """A non-negative axis other than the batch."""
    if type(axis) is not int or not -rank < axis < rank or axis == 0:
        raise refused(layer, f"axis={axis}", "an axis other than the batch")
    return axis % rank
