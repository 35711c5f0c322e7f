"""Quant: the end of a unary chain (a table), a requantiser, or the port of a graph input."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import Clamp, Requantise, Reshape, Table, Transpose
from hwflow.ir.ops.table import table_inputs
from hwflow.onnx_import.chain import tabulate
from hwflow.onnx_import.integer import MAX_FRACTION, Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.quantiser import Quantiser, exact_quantiser
from hwflow.onnx_import.values import Constant, RawInput, Value, drop_axis, first_unit_axis


def quant(importer: Importer, node: ir.Node) -> list[Value]:
    """A raw input becomes a graph input, an integer tensor is requantised, a waiting function becomes a table."""
    quantiser, frac = exact_quantiser(node)
    symbol = importer.symbols[node.inputs[0]]  # type: ignore[index]
    name = node.outputs[0].name or ""
    if isinstance(symbol, Constant):
        raise Unsupported("it quantises a constant that could not be folded")
    shape = quantiser.scale.shape
    if quantiser.scale.size > 1 and np.broadcast_shapes(shape, symbol.shape) != symbol.shape:
        raise Unsupported(f"its scale {list(shape)} does not fit its input {list(symbol.shape)}")
    if isinstance(symbol, RawInput):
        return [_input(importer, symbol, quantiser, frac, name)]
    id = _requantise(importer, symbol, quantiser, frac, name) if symbol.id else _table(importer, node, symbol, frac)
    return [Value(id, symbol.shape, symbol.batch, importer.own_source(id, name))]


def _input(importer: Importer, raw: RawInput, quantiser: Quantiser, frac: int, name: str) -> Value:
    """The port, then the movements that stood before the quantiser. Whoever feeds the port rounds half to even."""
    if raw.is_tokens:
        raise Unsupported(f"it quantises input {raw.name!r}, which is integers; only a Gather of a table reads those")
    requantise = quantiser.requantise(frac)
    batch = first_unit_axis(raw.port)
    if requantise.rounding != "half_even":
        raise Unsupported(f"input {raw.name!r} is rounded down; quantise inputs with ROUND (half to even)")
    if abs(frac) > MAX_FRACTION:
        raise Unsupported(f"its scale is 2**{-frac}; scales from 2**-{MAX_FRACTION} to 2**{MAX_FRACTION} are supported")
    if raw.name not in importer.inputs:
        id = importer.builder.input(drop_axis(raw.port, batch), requantise.target)
        importer.builder.name(id, raw.name)
        importer.ports[raw.name] = id
        if requantise.narrow:
            id = importer.builder.add(Clamp(requantise.lo, None), id)
        importer.inputs[raw.name] = (id, requantise)
    id, first = importer.inputs[raw.name]
    if first != requantise:
        raise Unsupported(f"input {raw.name!r} is quantised in two ways; quantise it once, then branch")
    if raw.moves:
        id = importer.full(Value(id, raw.port, batch))
        for move in raw.moves:
            id = importer.builder.add(_MOVES[move.op_type](move.argument), id)
        id, batch = importer.settle(id, raw.shape)
    return Value(id, raw.shape, batch, importer.own_source(id, name))


_MOVES = {"Reshape": Reshape, "Transpose": Transpose}


def _requantise(importer: Importer, value: Value, quantiser: Quantiser, frac: int, name: str) -> str:
    """A requantiser, or nothing when it would change no integer."""
    assert value.id is not None
    op = quantiser.requantise(frac)
    return value.id if _is_identity(importer, value.id, op) else importer.emit(name, op, value.id)


def _is_identity(importer: Importer, id: str, op: Requantise) -> bool:
    bounds, source = importer.builder.bounds(id), importer.builder.tensor(id).type
    shift = op.target.frac - source.frac
    if shift < 0 or shift > 32:
        return False
    return op.lo <= int(bounds.lo.min()) << shift and int(bounds.hi.max()) << shift <= op.target.hi


def _table(importer: Importer, node: ir.Node, value: Value, frac: int) -> str:
    assert value.source is not None
    quantiser, _ = exact_quantiser(node)
    source = importer.builder.tensor(value.source.id).type
    entries = tabulate(importer.model, value.source.name, node.outputs[0], source, frac, importer.wide)
    bounds, inputs = importer.builder.bounds(value.source.id), table_inputs(source)
    met = (inputs >= bounds.lo.min()) & (inputs <= bounds.hi.max())
    if undefined := inputs[np.isnan(entries) & met].tolist():
        raise Unsupported(f"it is not a number where {value.source.name!r} is {undefined[0] * source.step:g}")
    table = importer.builder.constant(np.nan_to_num(entries).astype(np.int64), frac, quantiser.requantise(frac).target)
    importer.builder.name(table, f"{node.outputs[0].name}/table")
    return importer.emit(node.outputs[0].name or "", Table(), value.source.id, table)
