"""A quantiser of integers as integer nodes: one Requantise, with a Clamp or constant sums around it where needed.

1. An integer zero point z shifts the limits: ``clip(round(x + z), lo, hi) - z`` is ``clip(round(x), lo - z, hi - z)``.
2. Not so where ties move (an odd z and rounding half to even, or by sign), where z has a fraction or is another one for
   each channel: then z is added in front and subtracted behind, as the definition says.
3. Other roundings than half-even are a floor behind a sum: ``ceil(n / 2^k)`` is ``floor((n + 2^k - 1) / 2^k)``.
   Those by sign have one only where no number is negative, or where the limits let none through.
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.ops import Add, Clamp, Requantise, Sub
from hwflow.ir.ops.requantise import Rounding
from hwflow.ir.types import FixedType, type_for
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.quantiser import Quantiser
from hwflow.onnx_import.values import Value, dyadic


def requantise(importer: Importer, value: Value, quantiser: Quantiser, frac: int, name: str) -> str | None:
    """The id of the quantised integers; None where a table must do it."""
    id = value.id or ""
    if _moves_with_point(quantiser, importer.builder.tensor(id).type.frac - frac):
        return _around_point(importer, value, quantiser, frac, name)
    point = quantiser.point or 0
    return _plain(importer, id, quantiser, (quantiser.lo - point, quantiser.hi - point), frac, name)


def _moves_with_point(quantiser: Quantiser, shift: int) -> bool:
    """Whether rounding x + z is something else than rounding x."""
    if quantiser.point is None:
        return True
    by_sign = quantiser.rounding not in ("half_even", "floor", "ceil") and quantiser.point != 0
    return shift > 0 and not quantiser.rounds_first and (by_sign or quantiser.ties_to_odd)


def _around_point(importer: Importer, value: Value, quantiser: Quantiser, frac: int, name: str) -> str | None:
    """Rule 2."""
    add = importer.builder.constant
    whole, fine = dyadic(_without_batch(quantiser.zero_point, value))
    id, points = value.id or "", add(whole, frac + fine)
    if quantiser.rounds_first:
        reach = int(np.abs(quantiser.zero_point).max()) + 1
        first = _plain(importer, id, quantiser, (quantiser.lo - reach, quantiser.hi + reach), frac, name)
        if first is None:
            return None
        id = first
    moved = importer.emit(name, Add(), id, points)
    limited = _plain(importer, moved, quantiser, (quantiser.lo, quantiser.hi), frac, name)
    return None if limited is None else importer.emit(name, Sub(), limited, points)


def _without_batch(array: np.ndarray, value: Value) -> np.ndarray:
    """An array that broadcasts against the ONNX value, for its integer tensor."""
    if array.size == 1:
        return array.reshape(())
    if value.batch is None or array.ndim < -value.batch:
        return array
    return array.reshape([n for axis, n in enumerate(array.shape) if axis - array.ndim != value.batch])


def _plain(
    importer: Importer, id: str, quantiser: Quantiser, limits: tuple[int, int], frac: int, name: str
) -> str | None:
    """Rules 1 and 3: round, saturate to the limits."""
    source, bounds, (lo, hi) = importer.builder.tensor(id).type, importer.builder.bounds(id), limits
    plan = _plan(quantiser, source.frac - frac, int(bounds.lo.min()) < 0 and lo < 0)
    if plan is None:
        return None
    rounding, offset = plan
    if offset:
        id = importer.emit(name, Add(), id, importer.builder.constant(np.asarray(offset), source.frac))
    own = limits == (quantiser.lo, quantiser.hi)
    target = FixedType(quantiser.signed, quantiser.bits, frac) if own else type_for(lo, hi, frac)
    op = Requantise(target, rounding, target.signed and lo == target.lo + 1)
    if is_within(importer, id, lo, hi, frac):
        return id
    if source.frac != frac or not is_within(importer, id, op.lo, target.hi, frac):
        id = importer.emit(name, op, id)
    bounds = importer.builder.bounds(id)
    if int(bounds.lo.min()) < lo or int(bounds.hi.max()) > hi:
        id = importer.emit(name, Clamp(lo, hi), id)
    return id


def _plan(quantiser: Quantiser, shift: int, signed: bool) -> tuple[Rounding, int] | None:
    """The rounding of Requantise and the sum in front, in steps of the source."""
    rounding = quantiser.rounding
    if shift <= 0 or rounding == "half_even":
        return "half_even", 0
    if rounding == "floor" or (rounding == "down" and not signed):
        return "floor", 0
    if rounding == "ceil" or (rounding == "up" and not signed):
        return "floor", (1 << shift) - 1
    if signed:
        return None
    return "floor", (1 << (shift - 1)) - (rounding == "half_down")


def is_within(importer: Importer, id: str, lo: int, hi: int, frac: int) -> bool:
    """Whether a quantiser of ``frac`` fraction bits and these limits would change no number that can come."""
    bounds, source = importer.builder.bounds(id), importer.builder.tensor(id).type
    shift = frac - source.frac
    if shift < 0 or shift > 32:
        return False
    return lo <= int(bounds.lo.min()) << shift and int(bounds.hi.max()) << shift <= hi
