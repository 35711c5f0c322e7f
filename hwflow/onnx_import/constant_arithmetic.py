"""Quantisation and float arithmetic of constants, each operator to one defined last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.errors import UserError
from hwflow.numerics import evaluate, is_defined, takes_time
from hwflow.numerics.products import product, total
from hwflow.onnx_import.attributes import axes_of, float_of, int_of, numbers_of
from hwflow.onnx_import.lookup import FLOAT32_BITS
from hwflow.onnx_import.quantise import needs_double, quantised
from hwflow.onnx_import.quantiser import is_quant, read_quantiser

Array = NDArray[Any]
Operands = Sequence[Any]
_PRODUCTS, _FUNCTIONS = 1 << 34, 1 << 24  # of one node: about as many as half a minute holds


def compute(node: ir.Node, opset_imports: Mapping[str, int]) -> Array:
    """What a node of quantisation or of float arithmetic makes of its operands, all constants. Raises UserError."""
    try:
        operands = [None if v is None or v.const_value is None else v.const_value.numpy() for v in node.inputs]
        return (
            _quantised(node, np.asarray(operands[0])) if is_quant(node) else _arithmetic(node, operands, opset_imports)
        )
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        found = f"operands that do not fit {node.op_type} ({error})"
        raise UserError(_subject(node), found, "valid nodes", "Export the model again.") from error


def _subject(node: ir.Node) -> str:
    return f"constant {node.outputs[0].name!r}"


def _arithmetic(node: ir.Node, operands: Operands, opset_imports: Mapping[str, int]) -> Array:
    dtype = np.result_type(*(x.dtype for x in operands if x is not None and x.dtype.kind == "f"))
    if is_defined(node.op_type):
        most = max(x.size for x in operands if x is not None)
        _check_effort(node, most if takes_time(node.op_type) else 0, _FUNCTIONS)
        return evaluate(node.op_type, operands, dtype, numbers_of(node), opset_imports.get("", 17))
    if node.op_type not in _SUMS:
        found = f"{node.op_type} of float constants, which rounds as the processor does"
        expected = "functions of one number, arithmetic, sums and products"
        raise UserError(_subject(node), found, expected, "Compute it before the export.")
    result: Array = _SUMS[node.op_type](node, operands).astype(dtype)
    return result


def _check_effort(node: ir.Node, steps: int, most: int) -> None:
    if steps > most:
        raise UserError(_subject(node), f"{steps} steps of {node.op_type}", f"at most {most}", "Use a smaller model.")


def _quantised(node: ir.Node, x: Array) -> Array:
    """In float32 unless that would round before the quantiser does; double if the result has more than 24 bits."""
    quantiser = read_quantiser(node)
    is_wide = quantiser.value_bits > FLOAT32_BITS and quantiser.frac is not None
    in_double = is_wide or needs_double(quantiser) or x.dtype == np.float64
    result = quantised(x, quantiser, np.float64 if in_double else np.float32)
    return result if is_wide else result.astype(np.float32)


def _mean(node: ir.Node, operands: Operands) -> Array:
    sums: Any = _sum(node, operands)
    mean: Array = sums / max(1, operands[0].size // max(1, sums.size))
    return mean


def _sum(node: ir.Node, operands: Operands) -> Array:
    axes = axes_of(node)
    if not axes and int_of(node, "noop_with_empty_axes", 0):
        return np.asarray(operands[0], np.float64)
    return total(operands[0], axes or None, bool(int_of(node, "keepdims", 1)))


def _product(node: ir.Node, operands: Operands) -> Array:
    a, b = operands
    _check_effort(node, max(a.size * b.shape[-1], b.size), _PRODUCTS)
    return product(a, b)


def _gemm(node: ir.Node, operands: Operands) -> Array:
    a, b = (x.T if int_of(node, flag, 0) else x for x, flag in zip(operands, ("transA", "transB"), strict=False))
    result: Array = float_of(node, "alpha", 1.0) * np.asarray(_product(node, (a, b)))
    return result + float_of(node, "beta", 1.0) * operands[2] if len(operands) > 2 else result


def _dequantised(node: ir.Node, operands: Operands) -> Array:
    """(q - zero point) times scale, for the tensor or along an axis; onnxruntime has it up to operator set 24."""
    x, scale, *rest = operands
    point = np.asarray(rest[0] if rest and rest[0] is not None else 0, np.int64)
    if int_of(node, "block_size", 0):
        raise ValueError("scales of blocks")
    shape = [1] * x.ndim
    if scale.size > 1:
        shape[int_of(node, "axis", 1)] = scale.size
    difference = x.astype(np.int64) - (point.reshape(shape) if point.size > 1 else point.reshape(()))
    result: Array = difference.astype(scale.dtype) * scale.reshape(shape if scale.size > 1 else ())
    return result


_SUMS: dict[str, Callable[[ir.Node, Operands], Array]] = {
    "MatMul": _product,
    "Gemm": _gemm,
    "ReduceSum": _sum,
    "ReduceMean": _mean,
    "DequantizeLinear": _dequantised,
    "Sum": lambda _, operands: reduce(np.add, (x.astype(np.float64) for x in operands)),
}
