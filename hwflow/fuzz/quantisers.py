"""How a draft writes a quantiser, and how it draws one: QONNX's Quant, or QuantizeLinear, Clip, DequantizeLinear.

Widths 1 to 32, signed and unsigned, zero points, narrow ranges, rounding modes, one scale or one for each channel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwflow.fuzz.draft import QONNX, Draft, Value

_DOMAINS = (QONNX, QONNX, "onnx.brevitas", "finn.custom_op.general")
_ODD_ROUNDINGS = ("FLOOR", "FLOOR", "FLOOR", "CEIL", "ROUND_TO_ZERO", "HALF_EVEN")
SPAN = 4.0  # how many times the typical size of a value the range of its quantiser reaches


@dataclass(frozen=True, slots=True)
class Grid:
    """A quantiser: integers of ``bits`` around ``zero``, times ``scale``."""

    bits: int
    signed: bool
    scale: np.ndarray
    zero: int = 0
    narrow: bool = False
    rounding: str = "ROUND"

    @property
    def lo(self) -> int:
        """Smallest integer."""
        return -(1 << (self.bits - 1)) + self.narrow if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest integer."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def frac(self) -> int | None:
        """Fraction bits, None when the scale is not one power of two."""
        scale = float(self.scale.flat[0])
        return -round(math.log2(scale)) if np.all(self.scale == scale) and math.frexp(scale)[0] == 0.5 else None

    @property
    def port(self) -> tuple[float, int, int]:
        """Step, lowest and highest number in steps: of a port behind which it stands."""
        return float(np.max(self.scale)), self.lo - self.zero, self.hi - self.zero


def draw_bits(draft: Draft) -> int:
    """Mostly few; up to 32."""
    kind = draft.rng.random()
    if kind < 0.72:
        return draft.between(2, 8)
    if kind < 0.82:
        return 1
    return draft.between(9, 12) if kind < 0.93 else draft.between(13, 32)


def draw_grid(draft: Draft, size: float, signed: bool, shape: tuple[int, ...], bits: int | None = None) -> Grid:
    """One whose range fits numbers of this size, now and then far too wide or too narrow."""
    bits = bits or draw_bits(draft)
    signed = signed if draft.chance(0.85) else not signed
    reach = max(size, 2.0**-20) * SPAN * 2.0 ** (draft.between(-5, 5) if draft.chance(0.15) else 0)
    exponent = math.ceil(math.log2(reach)) - (bits - signed)
    grid = Grid(bits, signed, np.asarray(2.0 ** max(min(exponent, 24), -40), np.float32))
    if draft.kind == "float" and draft.chance(0.5):
        grid = replace(grid, scale=np.asarray(grid.scale * draft.rng.uniform(0.6, 1.0), np.float32))
    return _odd(draft, grid, shape)


def _odd(draft: Draft, grid: Grid, shape: tuple[int, ...]) -> Grid:
    """With a zero point, a narrow range, another rounding, a scale for each channel."""
    if draft.chance(0.12):
        grid = replace(grid, zero=draft.between(grid.lo, grid.hi))
    if grid.signed and grid.bits > 1 and draft.chance(0.15):
        grid = replace(grid, narrow=True)
    if draft.kind != "qcdq" and draft.chance(0.08):
        grid = replace(grid, rounding=draft.choose(_ODD_ROUNDINGS))
    if len(shape) > 1 and draft.chance(0.06):
        axis = draft.between(0, len(shape) - 1)
        each = [shape[axis] if i == axis else 1 for i in range(len(shape))]
        factors = 2.0 ** draft.rng.integers(-1, 2, each) if draft.chance(0.3) else np.ones(each)
        grid = replace(grid, scale=np.asarray(grid.scale * factors, np.float32))
    return grid


def quantise(draft: Draft, value: Value, bits: int | None = None, grid: Grid | None = None) -> Value:
    """A value behind a quantiser that fits it."""
    grid = grid or draw_grid(draft, value.size, value.signed, value.shape, bits)
    name = write_quantiser(draft, draft.use(value), value.rank, grid)
    size = min(value.size, float(np.max(grid.scale)) * grid.hi)
    return Value(name, value.shape, grid.bits, grid.frac, size, grid.signed or grid.zero > grid.lo)


def write_quantiser(draft: Draft, x: str, rank: int, grid: Grid) -> str:
    """The nodes of a quantiser, in the dialect of the draft where that can say it."""
    qcdq = draft.kind == "qcdq" or (draft.kind in ("mixed", "float") and draft.chance(0.5))
    type = integer_type(draft, grid) if qcdq and grid.rounding == "ROUND" else None
    if type is not None and grid.bits > 1 and (grid.scale.size == 1 or (draft.opset >= 13 and rank == grid.scale.ndim)):
        return _qcdq(draft, x, grid, type)
    operands = [draft.const(grid.scale), draft.const(float(grid.zero)), draft.const(float(grid.bits))]
    flags: dict[str, Any] = {"signed": int(grid.signed), "narrow": int(grid.narrow), "rounding_mode": grid.rounding}
    return draft.node("Quant", x, *operands, domain=draft.choose(_DOMAINS), **flags)


def integer_type(draft: Draft, grid: Grid) -> np.dtype[Any] | None:
    """The type of a quantiser's integers in standard ONNX, or None where it has none that is wide enough."""
    letter = "i" if grid.signed else "u"
    if grid.bits <= 8:
        return np.dtype(f"{letter}1")
    return np.dtype(f"{letter}2") if grid.bits <= 16 and draft.opset >= 21 else None


def _qcdq(draft: Draft, x: str, grid: Grid, type: np.dtype[Any]) -> str:
    scale = grid.scale.ravel() if grid.scale.size > 1 else grid.scale.reshape(())
    axis = int(np.argmax(grid.scale.shape)) if grid.scale.size > 1 else None
    zero = np.full(scale.shape, grid.zero, type)
    y = draft.node("QuantizeLinear", x, draft.const(scale), draft.const(zero, type), axis=axis)
    limits = np.iinfo(type)
    if (grid.lo, grid.hi) != (limits.min, limits.max):
        if draft.opset < 12:  # Clip of integers came with 12
            return _float_clip(draft, y, grid, (scale, zero, type, axis))
        y = draft.node("Clip", y, draft.const(grid.lo, type), draft.const(grid.hi, type))
    return draft.node("DequantizeLinear", y, draft.const(scale), draft.const(zero, type), axis=axis)


def _float_clip(draft: Draft, y: str, grid: Grid, form: tuple[np.ndarray, np.ndarray, Any, int | None]) -> str:
    """The same range by a Clip behind the DequantizeLinear."""
    scale, zero, type, axis = form
    real = draft.node("DequantizeLinear", y, draft.const(scale), draft.const(zero, type), axis=axis)
    if scale.size > 1:
        return real
    limits = ((n - grid.zero) * np.float32(scale) for n in (grid.lo, grid.hi))
    return draft.node("Clip", real, *(draft.const(limit) for limit in limits))
