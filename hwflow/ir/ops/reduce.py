"""ReduceSum and ReduceMax over one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp, carrier, largest


class _Reduce(SimpleOp):
    axis: int
    keepdims: bool

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        shape = list(inputs[0].shape)
        if self.keepdims:
            shape[self.axis] = 1
        else:
            del shape[self.axis]
        return tuple(shape)

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[0].type.frac


@dataclass(frozen=True, slots=True)
class ReduceSum(_Reduce):
    """Sum over ``axis``, which counts from the end (-1 is the last)."""

    axis: int
    keepdims: bool = True

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        lo, hi = (side.sum(axis=self.axis, keepdims=self.keepdims) for side in (bounds[0].lo, bounds[0].hi))
        return Bounds(np.asarray(lo), np.asarray(hi))

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        return largest(np.asarray(bounds[0].magnitude.astype(np.float64).sum(axis=self.axis)))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return np.asarray(arrays[0].sum(axis=self.axis, keepdims=self.keepdims, dtype=carrier(output)))


@dataclass(frozen=True, slots=True)
class ReduceMax(_Reduce):
    """Maximum over ``axis``, which counts from the end (-1 is the last)."""

    axis: int
    keepdims: bool = True

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        lo, hi = (side.max(axis=self.axis, keepdims=self.keepdims) for side in (bounds[0].lo, bounds[0].hi))
        return Bounds(np.asarray(lo), np.asarray(hi))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return np.asarray(arrays[0].max(axis=self.axis, keepdims=self.keepdims))
