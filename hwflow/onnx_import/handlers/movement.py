"""Ops that only move elements. They also pass on functions that wait for a quantiser."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from hwflow.ir.graph import Op
from hwflow.ir.ops import Concat, Reshape, Slice, Transpose
from hwflow.onnx_import.attributes import int_of, ints_of
from hwflow.onnx_import.handlers.lookup import lookup
from hwflow.onnx_import.handlers.matmul import weights_of
from hwflow.onnx_import.handlers.unary import integers, operand, real
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Constant, Move, RawInput, Source, Value, drop_axis, first_unit_axis


def ir_axis(axis: int, batch: int | None) -> int:
    """An ONNX axis, counted from the end, as an axis of the tensor without its batch axis."""
    return axis + 1 if batch is not None and axis < batch else axis


def _moved(
    importer: Importer, value: Value, op: Op | None, shape: tuple[int, ...], batch: int | None, name: str
) -> Value:
    """Apply a movement op to the integers, or to the source of a waiting function."""
    if value.id is not None:
        id = value.id if op is None else importer.emit(name, op, value.id)
        return Value(id, shape, batch, importer.own_source(id, name))
    assert value.source is not None
    moved = value.source.id if op is None else importer.builder.add(op, value.source.id)
    return Value(None, shape, batch, Source(moved, value.source.name))


def reshape(importer: Importer, node: ir.Node) -> list[Value | RawInput]:
    """Reshape, Flatten, Squeeze, Unsqueeze."""
    symbol = importer.symbols[node.inputs[0]]  # type: ignore[index]
    if isinstance(symbol, Constant):
        raise Unsupported("a constant that could not be folded")
    shape = _target(node, symbol.shape)
    if math.prod(shape) != math.prod(symbol.shape) or min(shape, default=1) < 1:
        raise Unsupported(f"it reshapes {list(symbol.shape)} to {list(shape)}, another number of elements")
    if isinstance(symbol, RawInput):
        return [replace(symbol, shape=shape, moves=(*symbol.moves, Move("Reshape", shape)))]
    batch = first_unit_axis(shape)
    target = drop_axis(shape, batch)
    op = None if target == symbol.ir_shape else Reshape(target)
    return [_moved(importer, symbol, op, shape, batch, node.outputs[0].name or "")]


def identity(importer: Importer, node: ir.Node) -> list[Value | RawInput]:
    """The same value under the name of an output."""
    symbol = importer.symbols[node.inputs[0]]  # type: ignore[index]
    if isinstance(symbol, Constant):
        raise Unsupported("a constant that could not be folded")
    return [symbol]


def _target(node: ir.Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    rank = len(shape)
    if node.op_type == "Flatten":
        axis = int_of(node, "axis", 1)
        return (math.prod(shape[:axis]), math.prod(shape[axis:]))
    numbers = ints_of(node, "shape" if node.op_type == "Reshape" else "axes", 1)
    if node.op_type == "Squeeze":
        axes = {a % rank for a in numbers} if numbers else {i for i, n in enumerate(shape) if n == 1}
        return tuple(n for i, n in enumerate(shape) if i not in axes)
    if numbers is None:
        raise Unsupported("its target shape is not a constant; export with static shapes")
    if node.op_type == "Unsqueeze":
        full = rank + len(numbers)
        axes, rest = {a % full for a in numbers}, iter(shape)
        if len(axes) != len(numbers):
            raise Unsupported(f"its axes {numbers} name one axis twice")
        return tuple(1 if i in axes else next(rest) for i in range(full))
    sizes = [shape[i] if n == 0 and not int_of(node, "allowzero", 0) else n for i, n in enumerate(numbers)]
    known = math.prod(n for n in sizes if n != -1)
    return tuple(math.prod(shape) // known if n == -1 and known else n for n in sizes)


def transpose(importer: Importer, node: ir.Node) -> list[Value | RawInput]:
    """Permute the axes; moving only the batch axis moves nothing."""
    symbol = importer.symbols[node.inputs[0]]  # type: ignore[index]
    if isinstance(symbol, Constant):
        raise Unsupported("a constant that could not be folded")
    rank = len(symbol.shape)
    perm = tuple(ints_of(node, "perm") or reversed(range(rank)))
    shape = tuple(symbol.shape[axis] for axis in perm)
    if isinstance(symbol, RawInput):
        return [replace(symbol, shape=shape, moves=(*symbol.moves, Move("Transpose", perm)))]
    old = None if symbol.batch is None else rank + symbol.batch
    batch = None if old is None else perm.index(old) - rank
    kept = [axis - (old is not None and axis > old) for axis in perm if axis != old]
    op = None if kept == sorted(kept) else Transpose(tuple(kept))
    return [_moved(importer, symbol, op, shape, batch, node.outputs[0].name or "")]


def concat(importer: Importer, node: ir.Node) -> list[Value]:
    """Join tensors along an axis, constants among them."""
    symbols = [importer.symbols[value] for value in node.inputs]  # type: ignore[index]
    computed = next((i for i, symbol in enumerate(symbols) if not isinstance(symbol, Constant)), 0)
    like = integers(importer, node, computed)
    axis = int_of(node, "axis", 0)
    axis = axis - len(like.shape) if axis >= 0 else axis
    values = [
        _constant(importer, real(symbol), like, axis)
        if isinstance(symbol, Constant)
        else integers(importer, node, index)
        for index, symbol in enumerate(symbols)
    ]
    return [_joined(importer, values, axis, node.outputs[0].name or "")]


def pad(importer: Importer, node: ir.Node) -> list[Value]:
    """Pad with zeros: a constant on either side, axis after axis."""
    value, pads = integers(importer, node), ints_of(node, "pads", 1)
    rank, filling = len(value.shape), node.inputs[2].const_value if len(node.inputs) > 2 and node.inputs[2] else None
    if node.attributes.get_string("mode", "constant") != "constant" or (filling and np.any(filling.numpy())):
        raise Unsupported("it pads with something else than zeros")
    if pads is None or len(pads) != 2 * rank or len(node.inputs) > 3 or min(pads) < 0:
        raise Unsupported(f"its pads {pads} are not two sizes for each of {rank} axes")
    name = node.outputs[0].name or ""
    for axis in range(-rank, 0):
        sides = [(*value.shape[:axis], n, *value.shape[rank + axis + 1 :]) for n in (pads[axis - rank], pads[axis])]
        before, after = ([_constant(importer, np.zeros(s), value, axis)] if s[axis] else [] for s in sides)
        if before or after:
            value = _joined(importer, [*before, value, *after], axis, name)
    return [value if any(pads) else replace(value, source=importer.own_source(value.id or "", name))]


def _constant(importer: Importer, array: np.ndarray, like: Value, axis: int) -> Value:
    """A constant to be joined along ``axis``, without the batch axis of another value unless that is the axis."""
    whole, frac = weights_of(array)
    batch = None if like.batch in (None, axis) or array.shape[like.batch] != 1 else like.batch
    return Value(importer.builder.constant(whole.reshape(drop_axis(array.shape, batch)), frac), array.shape, batch)


def _joined(importer: Importer, values: list[Value], axis: int, name: str) -> Value:
    batch, shape = values[0].batch, list(values[0].shape)
    if any(len(v.shape) != len(shape) for v in values):
        raise Unsupported("its operands have different ranks")
    shape[axis] = sum(v.shape[axis] for v in values)
    if axis != batch and all(v.batch == batch for v in values):
        id = importer.emit(name, Concat(ir_axis(axis, batch)), *(v.id or "" for v in values))
    else:
        full = importer.emit(name, Concat(axis), *(importer.full(v) for v in values))
        id, batch = importer.settle(full, tuple(shape))
    return Value(id, tuple(shape), batch, importer.own_source(id, name))


def _range(importer: Importer, value: Value, axis: int, start: int, stop: int, step: int, name: str) -> Value:
    """``start:stop:step`` of one ONNX axis (from the end)."""
    count = len(range(*slice(start, stop, step).indices(value.shape[axis])))
    if step < 1 or count < 1:
        raise Unsupported(f"the range {start}:{stop}:{step} of an axis of {value.shape[axis]}")
    shape = list(value.shape)
    shape[axis] = count
    if axis == value.batch:
        return value
    start, stop, step = slice(start, stop, step).indices(value.shape[axis])
    op = None if count == value.shape[axis] else Slice(ir_axis(axis, value.batch), start, stop, step)
    return _moved(importer, value, op, tuple(shape), value.batch, name)


def slice_(importer: Importer, node: ir.Node) -> list[Value]:
    """Slice with constant bounds."""
    value = operand(importer, node)
    rank = len(value.shape)
    starts, ends = ints_of(node, "starts", 1), ints_of(node, "ends", 2)
    if starts is None or ends is None:
        raise Unsupported("its bounds are not constants")
    axes = ints_of(node, "axes", 3) or list(range(len(starts)))
    steps = ints_of(node, "steps", 4) or [1] * len(starts)
    for axis, start, stop, step in zip(axes, starts, ends, steps, strict=True):
        from_end = axis - rank if axis >= 0 else axis
        value = _range(importer, value, from_end, start, stop, step, node.outputs[0].name or "")
    return [value]


def split(importer: Importer, node: ir.Node) -> list[Value]:
    """Split into parts along an axis."""
    value = operand(importer, node)
    rank, axis = len(value.shape), int_of(node, "axis", 0)
    axis = axis - rank if axis >= 0 else axis
    parts = ints_of(node, "split", 1)
    if parts is None:
        size = -(-value.shape[axis] // len(node.outputs))
        parts = [min(size, value.shape[axis] - i * size) for i in range(len(node.outputs))]
    if sum(parts) != value.shape[axis] or len(parts) != len(node.outputs):
        raise Unsupported(f"its parts {parts} do not make up an axis of {value.shape[axis]}")
    starts = [sum(parts[:i]) for i in range(len(parts))]
    return [
        _range(importer, value, axis, start, start + size, 1, output.name or "")
        for start, size, output in zip(starts, parts, node.outputs, strict=True)
    ]


def gather(importer: Importer, node: ir.Node) -> list[Value]:
    """Gather of constant indices: slices, joined if they are several. Of a constant table by tokens: a lookup."""
    if isinstance(importer.symbols[node.inputs[0]], Constant):  # type: ignore[index]
        return [lookup(importer, node)]
    value, symbol = operand(importer, node), importer.symbols[node.inputs[1]]  # type: ignore[index]
    rank, axis = len(value.shape), int_of(node, "axis", 0)
    axis = axis - rank if axis >= 0 else axis
    if not isinstance(symbol, Constant) or symbol.array.dtype.kind not in "iu":
        raise Unsupported("its indices are not constant integers")
    if not symbol.array.size or any(not -value.shape[axis] <= i < value.shape[axis] for i in symbol.array.ravel()):
        raise Unsupported(f"its indices {list(symbol.array.shape)} lie not all on an axis of {value.shape[axis]}")
    name, runs = node.outputs[0].name or "", _runs([int(i) % value.shape[axis] for i in symbol.array.ravel()])
    if len(runs) > 1 and (value.id is None or len(runs) > _MAX_PARTS):
        raise Unsupported("its indices are scattered; quantise its input, and take them in ranges")
    parts = [_range(importer, value, axis, start, stop, 1, name) for start, stop in runs]
    part = _joined(importer, parts, axis, name) if len(parts) > 1 else parts[0]
    if symbol.array.ndim == 1:
        return [part]
    shape = (*value.shape[: rank + axis], *symbol.array.shape, *value.shape[rank + axis + 1 :])
    batch = first_unit_axis(shape)
    op = None if drop_axis(shape, batch) == part.ir_shape else Reshape(drop_axis(shape, batch))
    return [_moved(importer, part, op, shape, batch, name)]


_MAX_PARTS = 256  # of a Gather


def _runs(indices: list[int]) -> list[tuple[int, int]]:
    """Ranges of ascending neighbours."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs
