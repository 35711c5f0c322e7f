"""Newton-Raphson steps behind a table: each doubles the correct bits.

Source: Ercegovac and Lang, "Digital Arithmetic", chapter 7 (reciprocal and reciprocal square root by iteration).
"""

from __future__ import annotations

import onnx_ir as ir

from hwflow.onnx_import.near_exact.options import NearExactOptions
from hwflow.onnx_import.rewrite import Replacement


def reciprocal(r: Replacement, value: ir.Value, exponent: int, o: NearExactOptions) -> ir.Value:
    """``1 / value`` for 1 <= value < 2**exponent: ``y <- y (2 - value y)``."""
    wide = o.wide_bits
    address = r.quant(value, 2.0 ** (exponent - o.table_bits), o.table_bits, signed=False)
    y = r.quant(r.op("Reciprocal", address), 2.0 ** (1 - wide), wide, signed=False)
    for _ in range(o.newton_steps):
        product = r.quant(r.op("Mul", value, y), 2.0 ** (1 - wide), wide, signed=False)
        y = r.quant(r.op("Mul", y, r.op("Sub", r.const(2.0), product)), 2.0 ** (1 - wide), wide, signed=False)
    return y


def reciprocal_sqrt(r: Replacement, value: ir.Value, exponent: int, largest: int, o: NearExactOptions) -> ir.Value:
    """``1 / sqrt(value)``, at most 2**largest, for 0 < value < 2**exponent: ``y <- y (3 - value y^2) / 2``."""
    wide, root = o.wide_bits, (exponent + 1) // 2
    address = r.quant(value, 2.0 ** (exponent - o.table_bits), o.table_bits, signed=False)
    y = r.quant(r.op("Reciprocal", r.op("Sqrt", address)), 2.0 ** (largest - wide), wide, signed=False)
    for _ in range(o.newton_steps):
        once = r.quant(r.op("Mul", value, y), 2.0 ** (root + 1 - wide), wide, signed=False)
        twice = r.quant(r.op("Mul", once, y), 2.0 ** (1 - wide), wide, signed=False)
        factor = r.op("Sub", r.const(1.5), r.op("Mul", twice, r.const(0.5)))
        y = r.quant(r.op("Mul", y, factor), 2.0 ** (largest - wide), wide, signed=False)
    return y
