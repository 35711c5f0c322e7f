"""Tabulates a unary chain: its nodes one by one over every integer of its source, each result correctly rounded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.ir.ops.table import table_inputs
from hwflow.ir.types import FixedType
from hwflow.numerics import Undefined, evaluate, takes_time
from hwflow.onnx_import.attributes import numbers_of
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.quantise import quantised
from hwflow.onnx_import.quantiser import Quantiser, exact_quantiser, is_quant

MOVEMENT = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Gather"})
MAX_NODES = 256  # a longer chain is no activation function, and each of its tables would run all of it
MAX_VALUES = 1 << 24  # of functions that one table needs: about half a minute


def tabulate(
    model: ir.Model, source: str, end: ir.Value, type: FixedType, frac: int, wide: Collection[str] = ()
) -> NDArray[np.float64]:
    """Entries, in address order, of the chain from the value named ``source`` to the quantised value ``end``.

    Returns integers at ``frac`` fraction bits as float64: NaN where the function is not defined,
    and at zero if the sign of zero matters. Nodes that only move elements are left out.
    ``wide``: the values that are computed in double, all others in float32.
    """
    reals = np.append(table_inputs(type).astype(np.float64) * type.step, -0.0)
    arrays: dict[ir.Value, NDArray[np.floating]] = {}
    opset = model.graph.opset_imports.get("", 17)
    chain = _behind(source, end)
    _check_effort(chain, type)
    for value in chain:
        if value.name == source:
            arrays[value] = reals
        elif value.const_value is not None:
            arrays[value] = value.const_value.numpy().reshape(())
        else:
            arrays[value] = _computed(value, arrays, opset, np.float64 if value.name in wide else np.float32)
    entries = np.rint(np.ldexp(arrays[end].astype(np.float64), frac))
    if type.signed and entries[0] != entries[-1]:  # 1 / x: a quantiser rounds a small negative number to -0
        entries[0] = np.nan
    return entries[:-1]


def _check_effort(chain: Collection[ir.Value], type: FixedType) -> None:
    nodes = [value.producer() for value in chain]
    functions = sum(node is not None and takes_time(node.op_type) for node in nodes)
    if functions << type.width > MAX_VALUES:
        found = f"it ends a chain of {functions} functions of {type.width} bits"
        raise Unsupported(f"{found}, over {MAX_VALUES} values to compute; put a narrower quantiser in between")


def _computed(
    value: ir.Value, arrays: dict[ir.Value, NDArray[np.floating]], opset: int, dtype: type[np.floating]
) -> NDArray[np.floating]:
    """What the node of a value makes of its operands."""
    node = value.producer()
    assert node is not None
    if is_quant(node):
        return quantised(arrays[node.inputs[0]], _of_one_scale(exact_quantiser(node)[0]), np.float64)  # type: ignore[index]
    if node.op_type in MOVEMENT:
        return arrays[node.inputs[0]]  # type: ignore[index]
    operands = [None if v is None else arrays[v] for v in node.inputs]
    try:
        return evaluate(node.op_type, operands, dtype, numbers_of(node), opset)
    except Undefined as error:
        raise Unsupported(f"it ends a function of a node {node.name or value.name!r}: {error}") from error


def _of_one_scale(quantiser: Quantiser) -> Quantiser:
    """Scales and zero points of all channels are the same here, but may have the tensor's axes; a table has its own."""
    scale, point = (array.ravel()[:1].reshape(()) for array in (quantiser.scale, quantiser.zero_point))
    return replace(quantiser, scale=scale, zero_point=point)


def _behind(source: str, end: ir.Value) -> list[ir.Value]:
    """The values from the source to the end, each after those that it is computed from."""
    order: dict[ir.Value, None] = {}
    waiting = [end]
    while waiting:
        value = waiting[-1]
        missing = [v for v in _operands(source, value) if v not in order]
        if value in order or not missing:
            order[waiting.pop()] = None
        else:
            waiting += missing
        if len(order) + len(waiting) > MAX_NODES:
            raise Unsupported(f"it ends a function of over {MAX_NODES} values; quantise in between")
    return list(order)


def _operands(source: str, value: ir.Value) -> list[ir.Value]:
    node = value.producer()
    if node is None or value.name == source:
        return []
    operands = node.inputs[:1] if node.op_type in MOVEMENT or is_quant(node) else node.inputs
    return [v for v in operands if v is not None]


def moves(source: str, end: ir.Value) -> list[ir.Value]:
    """What the nodes of the chain that only move elements put out, in order: the same on every way to its end."""
    found, value = list[ir.Value](), end
    while value.name != source:
        node = value.producer()
        assert node is not None
        if node.op_type in MOVEMENT:
            found.append(value)
        value = next(v for v in _operands(source, value) if v.const_value is None)
    return found[::-1]
