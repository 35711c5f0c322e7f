"""Add, Sub, Mul: element-wise, exact, with numpy broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import NEAR, SimpleOp, align, aligned_magnitudes, carrier, largest


class _Binary(SimpleOp):
    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return np.broadcast_shapes(*(t.shape for t in inputs))


class _Sum(_Binary):
    """Add and Sub: the operands are aligned to the finer fraction first."""

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return max(t.type.frac for t in inputs)

    def _aligned(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray]) -> list[IntArray]:
        frac = self.frac(inputs)
        return [align(a, t, frac) for a, t in zip(arrays, inputs, strict=True)]

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        operands = aligned_magnitudes(inputs, bounds, self.frac(inputs))
        return sum(operands) if max(operands) >= NEAR else max(int(output.magnitude.max()), *operands)


@dataclass(frozen=True, slots=True)
class Add(_Sum):
    """``a + b``."""

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        a_lo, b_lo = self._aligned(inputs, [b.lo for b in bounds])
        a_hi, b_hi = self._aligned(inputs, [b.hi for b in bounds])
        return Bounds(np.asarray(a_lo + b_lo), np.asarray(a_hi + b_hi))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        a, b = self._aligned(inputs, [x.astype(carrier(output), copy=False) for x in arrays])
        return a + b


@dataclass(frozen=True, slots=True)
class Sub(_Sum):
    """``a - b``."""

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        a_lo, b_lo = self._aligned(inputs, [b.lo for b in bounds])
        a_hi, b_hi = self._aligned(inputs, [b.hi for b in bounds])
        return Bounds(np.asarray(a_lo - b_hi), np.asarray(a_hi - b_lo))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        a, b = self._aligned(inputs, [x.astype(carrier(output), copy=False) for x in arrays])
        return a - b


@dataclass(frozen=True, slots=True)
class Mul(_Binary):
    """``a * b``; the fractions add."""

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        a, b = (x.magnitude.astype(np.float64) for x in bounds)
        most = largest(np.asarray(a * b))
        return most if most >= NEAR else int(output.magnitude.max())

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return sum(t.type.frac for t in inputs)

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        a, b = bounds
        corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
        return Bounds(np.minimum.reduce(corners), np.maximum.reduce(corners))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        product: IntArray = np.multiply(*(x.astype(carrier(output), copy=False) for x in arrays))
        return product
