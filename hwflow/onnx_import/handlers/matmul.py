"""MatMul with a constant on either side, or of two computed tensors."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import MatMul
from hwflow.onnx_import.handlers.binary import WEIGHT_BITS, with_rank
from hwflow.onnx_import.handlers.unary import integers, real
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import NotQuantised, Unsupported
from hwflow.onnx_import.values import Constant, Value, drop_axis, dyadic


def matmul(importer: Importer, node: ir.Node) -> list[Value]:
    """The product over the last two axes; leading axes broadcast."""
    symbols = [importer.symbols[v] for v in node.inputs]  # type: ignore[index]
    if isinstance(symbols[1], Constant):
        return [_with_weights(importer, node, integers(importer, node, 0), real(symbols[1]), left=False)]
    if isinstance(symbols[0], Constant):
        return [_with_weights(importer, node, integers(importer, node, 1), real(symbols[0]), left=True)]
    return [_dynamic(importer, node, integers(importer, node, 0), integers(importer, node, 1))]


def _product_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise Unsupported(f"its operands {list(a)} and {list(b)} do not multiply")
    return (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])


def _with_weights(importer: Importer, node: ir.Node, value: Value, array: np.ndarray, left: bool) -> Value:
    shape = _product_shape(array.shape, value.shape) if left else _product_shape(value.shape, array.shape)
    weights, frac = weights_of(array)
    value = with_rank(importer, value, weights.ndim)
    row_axis = -1 if left else -2  # the axis of the value that is not summed over
    free = value.batch is None or value.batch < -2 or (value.batch == row_axis and not left)
    covers = value.batch is not None and weights.ndim >= -value.batch and value.batch < -2
    if covers and weights.shape[value.batch] == 1:  # type: ignore[index]
        weights = weights.reshape(drop_axis(weights.shape, value.batch))
    elif covers:
        free = False
    operands = [value.id or "" if free else importer.full(value), importer.builder.constant(weights, frac)]
    name = node.outputs[0].name or ""
    id = importer.emit(name, MatMul(), *(reversed(operands) if left else operands))
    batch, peak = value.batch, importer.builder.peak(id)
    if not free:
        id, batch = importer.settle(id, shape)
    importer.product(id, peak, value.id or "")
    return Value(id, shape, batch, importer.own_source(id, name))


def weights_of(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Weights as integers and fraction. Refuses floats that no quantiser made."""
    try:
        weights, frac = dyadic(array)
    except OverflowError as error:
        raise NotQuantised(f"float weights {list(array.shape)} ({error}); quantise them") from error
    bits = int(np.abs(weights).max(initial=0)).bit_length()
    if bits > WEIGHT_BITS:
        raise NotQuantised(f"float weights {list(array.shape)} that need {bits} bits; quantise them")
    return weights, frac


def _dynamic(importer: Importer, node: ir.Node, a: Value, b: Value) -> Value:
    shape = _product_shape(a.shape, b.shape)
    name = node.outputs[0].name or ""
    same = a.batch == b.batch and len(a.shape) == len(b.shape) and (a.batch is None or a.batch < -2)
    if same:
        id, batch = importer.emit(name, MatMul(), a.id or "", b.id or ""), a.batch
    elif len(a.shape) == len(b.shape):
        id, batch = importer.settle(importer.emit(name, MatMul(), importer.full(a), importer.full(b)), shape)
    else:
        raise Unsupported(f"its operands {list(a.shape)} and {list(b.shape)} have different ranks; reshape them")
    return Value(id, shape, batch, importer.own_source(id, name))
