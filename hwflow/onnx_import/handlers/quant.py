"""Quant: the end of a unary chain (a table), a requantiser, or the port of a graph input."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import Clamp, Reshape, Table, Transpose
from hwflow.ir.ops.table import table_inputs
from hwflow.ir.rounding import PortRounding
from hwflow.ir.types import FixedType, type_for
from hwflow.onnx_import.chain import tabulate
from hwflow.onnx_import.handlers.requantise import requantise
from hwflow.onnx_import.integer import MAX_FRACTION, Importer
from hwflow.onnx_import.lookup import ChainTable
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.quantiser import Quantiser, exact_quantiser
from hwflow.onnx_import.values import Constant, RawInput, Value, drop_axis, dyadic, first_unit_axis


def quant(importer: Importer, node: ir.Node) -> list[Value]:
    """A raw input becomes a graph input, an integer tensor is requantised, a waiting function becomes a table."""
    quantiser, frac = exact_quantiser(node)
    symbol = importer.symbols[node.inputs[0]]  # type: ignore[index]
    name = node.outputs[0].name or ""
    if isinstance(symbol, Constant):
        raise Unsupported("it quantises a constant that could not be folded")
    for role, array in (("scale", quantiser.scale), ("zero point", quantiser.zero_point)):
        if array.size > 1 and np.broadcast_shapes(array.shape, symbol.shape) != symbol.shape:
            raise Unsupported(f"its {role} {list(array.shape)} does not fit its input {list(symbol.shape)}")
    if isinstance(symbol, RawInput):
        return [_input(importer, symbol, quantiser, frac, name)]
    id = requantise(importer, symbol, quantiser, frac, name) if symbol.id else None
    if id is None:
        id = _table(importer, node, symbol, frac)
    return [Value(id, symbol.shape, symbol.batch, importer.own_source(id, name))]


def _input(importer: Importer, raw: RawInput, quantiser: Quantiser, frac: int, name: str) -> Value:
    """The port, then the movements that stood before the quantiser. Whoever feeds the port rounds as the graph says."""
    if raw.is_tokens:
        raise Unsupported(f"it quantises input {raw.name!r}, which is integers; only a Gather of a table reads those")
    if quantiser.point is None:
        raise Unsupported(f"input {raw.name!r} has a zero point that is not one integer; give the tensor one integer")
    batch = first_unit_axis(raw.port)
    if abs(frac) > MAX_FRACTION:
        raise Unsupported(f"its scale is 2**{-frac}; scales from 2**-{MAX_FRACTION} to 2**{MAX_FRACTION} are supported")
    lo, hi, type, rounding = _port_of(quantiser, frac)
    if rounding not in ("half_even", "half_odd", "floor", "ceil") and quantiser.point:
        raise Unsupported(f"input {raw.name!r} has a zero point and rounding by sign; quantise inputs with ROUND")
    key = (lo, hi, frac, rounding)
    if raw.name not in importer.inputs:
        id = importer.builder.input(drop_axis(raw.port, batch), type)
        importer.builder.name(id, raw.name)
        importer.ports[raw.name] = id
        if rounding != "half_even":
            importer.roundings[id] = rounding
        if (lo, hi) != (type.lo, type.hi):
            id = importer.builder.add(
                Clamp(*(n if n != end else None for n, end in ((lo, type.lo), (hi, type.hi)))), id
            )
        importer.inputs[raw.name] = (id, key)
    id, first = importer.inputs[raw.name]
    if first != key:
        found = f"input {raw.name!r} is quantised in two ways, but one port carries one grid"
        raise Unsupported(f"{found}; quantise it once, then branch, or make it two inputs")
    if raw.moves:
        id = importer.full(Value(id, raw.port, batch))
        for move in raw.moves:
            id = importer.builder.add(_MOVES[move.op_type](move.argument), id)
        id, batch = importer.settle(id, raw.shape)
    return Value(id, raw.shape, batch, importer.own_source(id, name))


_MOVES = {"Reshape": Reshape, "Transpose": Transpose}


def _port_of(quantiser: Quantiser, frac: int) -> tuple[int, int, FixedType, PortRounding]:
    """What comes in at a port: limits, type, and how real numbers become its integers."""
    point = quantiser.point or 0
    lo, hi = quantiser.lo - point, quantiser.hi - point
    return lo, hi, type_for(lo, hi, frac), "half_odd" if quantiser.ties_to_odd else quantiser.rounding


def _table(importer: Importer, node: ir.Node, value: Value, frac: int) -> str:
    quantiser, _ = exact_quantiser(node)
    if value.source is None:
        found = "rounds by sign, which takes a table, and its input has too many bits for one"
        raise Unsupported(f"it {found}; use ROUND or FLOOR")
    if quantiser.zero_point.size > 1 and np.any(quantiser.zero_point != quantiser.zero_point.flat[0]):
        raise Unsupported("it ends a function with a zero point for each channel; give the tensor one")
    source = importer.builder.tensor(value.source.id).type
    _, fine = dyadic(quantiser.zero_point)
    frac, limits = frac + max(fine, 0), [_fine(quantiser, n, fine) for n in (quantiser.lo, quantiser.hi)]
    entries = tabulate(importer.model, value.source.name, node.outputs[0], source, frac, importer.wide)
    bounds, inputs = importer.builder.bounds(value.source.id), table_inputs(source)
    met = (inputs >= bounds.lo.min()) & (inputs <= bounds.hi.max())
    if undefined := inputs[np.isnan(entries) & met].tolist():
        raise Unsupported(f"it is not a number where {value.source.name!r} is {undefined[0] * source.step:g}")
    name, whole = node.outputs[0].name or "", np.nan_to_num(entries).astype(np.int64)
    reals, first = np.ldexp(whole.astype(np.float64), -frac), int(inputs[met].min())
    rising = np.concatenate([reals[met & (inputs < 0)], reals[met & (inputs >= 0)]])
    importer.tables[name] = ChainTable(value.source.name, first, source.frac, quantiser.value_bits, rising)
    table = importer.builder.constant(whole, frac, type_for(limits[0], limits[1], frac))
    importer.builder.name(table, f"{name}/table")
    return importer.emit(name, Table(), value.source.id, table)


def _fine(quantiser: Quantiser, limit: int, fine: int) -> int:
    """A limit without the zero point, in steps of the table."""
    return int((limit - float(quantiser.zero_point.flat[0])) * 2.0 ** max(fine, 0))
