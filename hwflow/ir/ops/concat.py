"""Concat: join tensors of one type along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp, align, aligned_magnitudes, carrier


@dataclass(frozen=True, slots=True)
class Concat(SimpleOp):
    """Join along ``axis``, which counts from the end; operands are aligned to the finest fraction."""

    axis: int

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        shape = list(inputs[0].shape)
        shape[self.axis] = sum(t.shape[self.axis] for t in inputs)
        return tuple(shape)

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return max(t.type.frac for t in inputs)

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        return Bounds(self._join(inputs, [b.lo for b in bounds]), self._join(inputs, [b.hi for b in bounds]))

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        return max(aligned_magnitudes(inputs, bounds, self.frac(inputs)))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        batch = max(len(a) for a, t in zip(arrays, inputs, strict=True) if not t.is_constant)
        full = [
            np.broadcast_to(a, (batch, *t.shape)) if t.is_constant else a for a, t in zip(arrays, inputs, strict=True)
        ]
        return self._join(inputs, [a.astype(carrier(output), copy=False) for a in full])

    def _join(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray]) -> IntArray:
        frac = self.frac(inputs)
        return np.concatenate([align(a, t, frac) for a, t in zip(arrays, inputs, strict=True)], axis=self.axis)
