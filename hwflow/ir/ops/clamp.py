"""Clamp: limit the integers to a range; ReLU is ``Clamp(0, None)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp, carrier


@dataclass(frozen=True, slots=True)
class Clamp(SimpleOp):
    """``min(max(x, lo), hi)`` on the integers of x; None leaves a side open."""

    lo: int | None
    hi: int | None

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return inputs[0].shape

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[0].type.frac

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        return Bounds(self._apply(bounds[0].lo), self._apply(bounds[0].hi))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return self._apply(arrays[0]).astype(carrier(output), copy=False)

    def _apply(self, array: IntArray) -> IntArray:
        limited = array if self.lo is None else np.maximum(array, self.lo)
        return limited if self.hi is None else np.minimum(limited, self.hi)
