"""Clamp: limit the integers to a range; ReLU is ``Clamp(0, None)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import INT32_LIMIT, SimpleOp, carrier
from hwflow.ir.types import FixedType, type_for

_BEYOND = 1 << 62  # no integer of the graph is as large


@dataclass(frozen=True, slots=True)
class Clamp(SimpleOp):
    """``min(max(x, lo), hi)`` on the integers of x; None leaves a side open."""

    lo: int | None
    hi: int | None

    def compared(self, source: FixedType) -> FixedType:
        """The type that x is limited in: x's own, or one that holds a limit that all of x is beyond."""
        above = source.hi if self.lo is None else max(source.hi, self.lo)
        below = source.lo if self.hi is None else min(source.lo, self.hi)
        return source if source.holds(below, above) else type_for(min(below, source.lo), above, source.frac)

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return inputs[0].shape

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[0].type.frac

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        return Bounds(self._apply(bounds[0].lo), self._apply(bounds[0].hi))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return self._apply(arrays[0]).astype(carrier(output), copy=False)

    def _apply(self, array: IntArray) -> IntArray:
        limits = [n for n in (self.lo, self.hi) if n is not None]
        if any(not -INT32_LIMIT <= n < INT32_LIMIT for n in limits):
            array = array.astype(np.int64, copy=False)
        limited = array if self.lo is None else np.maximum(array, min(max(self.lo, -_BEYOND), _BEYOND))
        return limited if self.hi is None else np.minimum(limited, min(max(self.hi, -_BEYOND), _BEYOND))
