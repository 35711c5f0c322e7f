"""Newton-Raphson steps behind a table: each doubles the correct bits. And a logarithm by a table and a series.

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


def logarithm(r: Replacement, value: ir.Value, exponent: int, o: NearExactOptions) -> ir.Value:
    """``log(value)`` for 1 <= value < 2**exponent: ``log(a) + z - z^2 / 2 + z^3 / 3`` with ``value = a (1 + z)``.

    Tables of log(a) and 1 / a are addressed by the upper bits of the value; |z| is at most 2**(exponent - 13) then.
    """
    wide, span = o.wide_bits, max(1, exponent.bit_length())
    address = r.quant(value, 2.0 ** (exponent - o.table_bits), o.table_bits, signed=False)
    table = r.quant(r.op("Log", address), 2.0 ** (span - o.value_bits), o.value_bits, signed=False)
    inverse = r.quant(r.op("Reciprocal", address), 2.0 ** (1 - wide), wide, signed=False)
    z = r.quant(r.op("Mul", r.op("Sub", value, address), inverse), 2.0 ** (1 - wide), wide)
    square = r.quant(r.op("Mul", z, z), 2.0 ** (1 - wide), wide)
    slope = r.op("Sub", r.const(0.5), r.op("Mul", z, r.const(85 / 256)))  # about 1 / 3
    slope = r.quant(slope, 2.0 ** (1 - o.value_bits), o.value_bits)
    return r.op("Add", table, r.op("Sub", z, r.quant(r.op("Mul", square, slope), 2.0 ** (1 - wide), wide)))
