"""Ops of one operand: exact ones become integer nodes, functions wait for their quantiser to become a table."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import Clamp, Mul
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Constant, RawInput, Value

FUNCTIONS = [
    "Exp", "Log", "Sqrt", "Reciprocal", "Sigmoid", "Tanh", "Erf", "Gelu",
    "Softplus", "Softsign", "Elu", "Selu", "Celu", "LeakyRelu", "HardSigmoid", "HardSwish",
    "Mish", "Sin", "Cos", "Abs", "Sign", "Floor", "Ceil", "Round",
    "ThresholdedRelu", "Swish",
]  # fmt: skip
"""Element-wise real functions."""
BEYOND = 2.0**60  # no integer of the graph is as large: a limit out there limits nothing


def operand(importer: Importer, node: ir.Node, index: int = 0) -> Value:
    """The dynamic operand of a node; a raw input is refused."""
    symbol = importer.symbols[node.inputs[index]]  # type: ignore[index]
    if isinstance(symbol, RawInput):
        raise Unsupported(f"it reads input {symbol.name!r} before a quantiser; quantise the input first")
    if isinstance(symbol, Constant):
        raise Unsupported("it has a constant where a computed value is expected")
    return symbol


def integers(importer: Importer, node: ir.Node, index: int = 0) -> Value:
    """The operand as integers; a function without its quantiser is refused."""
    value = operand(importer, node, index)
    if value.id is None:
        name = node.inputs[index].name if node.inputs[index] is not None else "?"  # type: ignore[union-attr]
        raise Unsupported(f"its input {name!r} is a real function without a quantiser; put a quantiser after it")
    return value


def real(symbol: Constant) -> np.ndarray:
    """The numbers of a constant operand; integers would be another type than the other operand's."""
    if symbol.array.dtype.kind != "f":
        raise Unsupported(f"its constant is of type {symbol.array.dtype}, not float")
    return symbol.array


def waiting(node: ir.Node, *values: Value) -> Value:
    """A function of one narrow tensor that waits for its quantiser."""
    sources = {v.source for v in values}
    source = values[0].source
    if source is None:
        raise Unsupported("its input has too many bits for a table; put a narrower quantiser in front of it")
    if len(sources) > 1 or len({v.shape for v in values}) > 1:
        raise Unsupported("it joins two tensors without an exact form; quantise its inputs first")
    return Value(None, values[0].shape, values[0].batch, source)


def function(importer: Importer, node: ir.Node) -> list[Value]:
    """A real function of one operand."""
    return [waiting(node, operand(importer, node))]


def exact(importer: Importer, node: ir.Node) -> list[Value]:
    """Relu, Neg and Clip are exact on integers; on a waiting function they join it."""
    value = operand(importer, node)
    reals = _clip_reals(importer, node) if node.op_type == "Clip" else (0.0, None)
    if value.id is None:
        return [waiting(node, value)]
    name = node.outputs[0].name or ""
    if node.op_type == "Neg":
        id = importer.emit(name, Mul(), value.id, importer.builder.constant(np.asarray(-1), 0))
    else:
        limits = _on_grid(reals, importer.builder.tensor(value.id).type.step)
        if limits is None:
            return [waiting(node, value)]
        id = importer.emit(name, Clamp(*limits), value.id)
    return [Value(id, value.shape, value.batch, value.source or importer.own_source(id, name))]


def _clip_reals(importer: Importer, node: ir.Node) -> tuple[float | None, float | None]:
    """Clip's limits as real numbers; None is an open side."""
    limits: list[float | None] = [None, None]
    for index, operand in enumerate(node.inputs[1:3]):
        symbol = importer.symbols[operand] if operand is not None else None
        if symbol is None:
            continue
        number = isinstance(symbol, Constant) and symbol.array.size == 1 and symbol.array.ndim <= 1
        if not isinstance(symbol, Constant) or not number or np.any(np.isnan(real(symbol))):
            raise Unsupported("its limits are not constant numbers")
        limits[index] = float(real(symbol).ravel()[0])
    return limits[0], limits[1]


def _on_grid(limits: tuple[float | None, float | None], step: float) -> tuple[int | None, int | None] | None:
    """The limits as integers of a tensor, or None when they do not lie on its grid."""
    lo, hi = (None if limit is None else limit / step for limit in limits)
    lo = None if lo is not None and lo <= -BEYOND else lo
    hi = None if hi is not None and hi >= BEYOND else hi
    if any(limit is not None and not limit.is_integer() for limit in (lo, hi)):
        return None
    return None if lo is None else int(lo), None if hi is None else int(hi)
