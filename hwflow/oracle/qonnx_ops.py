"""The quantisers of QONNX, from their specification (github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops).

Given float32 a quotient x / s is a float32, as every runtime and framework computes it: what lies on the grid of
another real scale meets the same ties. Given float64 it is exact enough for wide tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

from hwflow.oracle.rounding import rounding

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")


def integer_range(bits: np.ndarray, signed: bool, narrow: bool) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest integer of a width, which may be fractional; float64."""
    bits = np.asarray(bits, np.float64)
    if signed:
        return -(2.0 ** (bits - 1)) + narrow, 2.0 ** (bits - 1) - 1
    return np.zeros_like(bits), 2.0**bits - 1 - narrow


def int_quant(
    x: np.ndarray,
    scale: np.ndarray,
    zero_point: np.ndarray,
    bits: np.ndarray,
    signed: int = 1,
    narrow: int = 0,
    rounding_mode: str = "ROUND",
) -> np.ndarray:
    """IntQuant, version 1: the zero point is added before the value is limited and rounded.

    Only the quotient is rounded to the type of x, as every runtime has it; what is added to it is exact.
    """
    y = (x / scale).astype(np.float64) + zero_point
    lo, hi = integer_range(bits, bool(signed), bool(narrow))
    return np.asarray((rounding(rounding_mode)(np.minimum(np.maximum(y, lo), hi)) - zero_point) * scale)


def bipolar_quant(x: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """BipolarQuant, version 1: 0 counts as positive."""
    return np.asarray(np.where(x >= 0, 1, -1).astype(x.dtype) * scale)


def trunc(
    x: np.ndarray,
    scale: np.ndarray,
    zero_point: np.ndarray,
    in_bits: np.ndarray,
    *outputs: np.ndarray,
    rounding_mode: str = "FLOOR",
    signed: int = 1,
    narrow: int = 0,
) -> np.ndarray:
    """Trunc; with the width of the output it is version 1, with its scale and width version 2."""
    y = np.rint(x / scale + zero_point)
    nearest = rounding(rounding_mode)
    if len(outputs) == 1:
        dropped = (2.0 ** (np.asarray(in_bits, np.float64) - outputs[0])).astype(y.dtype)
        return np.asarray((nearest(y / dropped) - zero_point) * scale)
    out_scale, out_bits = outputs
    step = np.exp2(np.rint(np.log2(np.asarray(out_scale, np.float64) / scale))).astype(y.dtype)
    lo, hi = (limit.astype(y.dtype) for limit in integer_range(out_bits, bool(signed), bool(narrow)))
    return np.asarray((nearest(np.minimum(np.maximum(y / step, lo), hi)) - zero_point / step) * out_scale)


def float_quant(
    x: np.ndarray,
    scale: np.ndarray,
    exponent_bits: np.ndarray,
    mantissa_bits: np.ndarray,
    exponent_bias: np.ndarray,
    max_value: np.ndarray,
    rounding_mode: str = "ROUND",
    **_flags: Any,
) -> np.ndarray:
    """FloatQuant, version 1: a signed minifloat that saturates. Its flags inform back ends and change no value."""
    y = x / scale
    exponents, mantissas, bias = (np.asarray(a, np.float64) for a in (exponent_bits, mantissa_bits, exponent_bias))
    _, exponent = np.frexp(y.astype(np.float64))  # y = m * 2^exponent, 0.5 <= m < 1
    power = np.where(y == 0, -np.inf, exponent - 1) - mantissas
    step = np.exp2(np.maximum(power, 1 - bias - mantissas)).astype(y.dtype)
    largest = (2 - 2.0**-mantissas) * 2.0 ** (2.0**exponents - 1 - bias)
    limit = np.minimum(largest, max_value).astype(y.dtype)
    return np.asarray(np.clip(step * rounding(rounding_mode)(y / step), -limit, limit) * scale)


class _Quantiser(OpRun):
    """An op without a schema: its attributes are those that the node has."""

    function: Any

    def _run(self, *inputs: np.ndarray, **attributes: Any) -> tuple[np.ndarray]:
        x, *parameters = inputs
        return (type(self).function(x, *parameters, **attributes).astype(x.dtype),)


def _op(name: str, function: Any, domain: str) -> type[OpRun]:
    return type(name, (_Quantiser,), {"op_domain": domain, "function": staticmethod(function)})


_FUNCTIONS = {
    "Quant": int_quant,
    "IntQuant": int_quant,
    "BipolarQuant": bipolar_quant,
    "Trunc": trunc,
    "FloatQuant": float_quant,
}
OPS = tuple(_op(name, function, domain) for domain in DOMAINS for name, function in _FUNCTIONS.items())
