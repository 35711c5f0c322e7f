"""Requantise: round to a coarser fraction and saturate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp, carrier
from hwflow.ir.types import FixedType

Rounding = Literal["half_even", "floor"]
_NARROW = 30  # bits of integers and of shifts that int32 has room for


_LARGEST_SHIFT = 62  # of an int64 below 2**61: what is shifted further is 0, or -1 when rounded down


def round_shift(array: IntArray, shift: int, rounding: Rounding) -> IntArray:
    """``array / 2**shift`` rounded to an integer; ties go to the even one."""
    if shift <= 0:
        return np.left_shift(array, -shift)
    shift = min(shift, _LARGEST_SHIFT)
    if rounding == "floor":
        return np.right_shift(array, shift)
    quotient = np.right_shift(array, shift)
    # Adding (half - 1) + lsb carries exactly when the remainder is over half, or half with an odd quotient.
    bias = np.asarray(np.bitwise_and(quotient, 1))
    bias += (1 << (shift - 1)) - 1
    bias += array
    return np.asarray(np.right_shift(bias, shift, out=bias))


@dataclass(frozen=True, slots=True)
class Requantise(SimpleOp):
    """Quantise to ``target``: round, then saturate to its range (one step less at the bottom when ``narrow``)."""

    target: FixedType
    rounding: Rounding = "half_even"
    narrow: bool = False

    @property
    def lo(self) -> int:
        """Smallest integer that comes out."""
        return self.target.lo + (self.narrow and self.target.signed)

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return inputs[0].shape

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return self.target.frac

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        lo, hi = (self._apply(inputs[0], side) for side in (bounds[0].lo, bounds[0].hi))
        return Bounds(lo.astype(np.int64), hi.astype(np.int64))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return self._apply(inputs[0], arrays[0]).astype(carrier(output), copy=False)

    def _apply(self, source: Tensor, array: IntArray) -> IntArray:
        shift = source.type.frac - self.target.frac
        if shift < 0 or max(source.type.width, self.target.width, shift) > _NARROW:  # the rounding bias needs room too
            array = array.astype(np.int64)
        if shift < 0:  # saturate first: the shift cannot overflow then
            shift = max(shift, -self.target.width)
            array = np.clip(array, (self.lo >> -shift) - 1, (self.target.hi >> -shift) + 1)
        rounded = round_shift(array, shift, self.rounding)
        return np.minimum(np.maximum(rounded, self.lo), self.target.hi)
