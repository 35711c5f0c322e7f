"""Matrix product of two tensors, either of which may be a constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import carrier, largest

_FLOAT32_EXACT = 1 << 24
_FLOAT64_EXACT = 1 << 53


def exact_matmul(a: IntArray, b: IntArray, limit: int) -> IntArray:
    """``a @ b`` of integers through BLAS.

    ``limit`` bounds every partial sum: up to 2**24 float32 is exact in any order of summation, up to 2**53 float64.
    """
    if limit >= _FLOAT64_EXACT:
        return np.asarray(np.matmul(a.astype(np.int64), b.astype(np.int64)))
    real = np.float32 if limit < _FLOAT32_EXACT else np.float64
    product = np.matmul(a.astype(real), b.astype(real))
    return np.asarray(product.astype(np.int32 if limit < (1 << 31) else np.int64))


def _largest_sum(a: IntArray, b: IntArray) -> int:
    """Upper bound of any partial sum of ``|a| @ |b|``, from magnitudes, in float64 rounded up."""
    return largest(np.matmul(a.astype(np.float64), b.astype(np.float64)))


@dataclass(frozen=True, slots=True)
class MatMul:
    """``a @ b`` over the last two axes, leading axes broadcast; the fractions add.

    A rank-1 dynamic ``a`` is one row: its batch axis plays the rows' part.
    """

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        a, b = (np.broadcast_to(np.int8(0), t.shape if t.is_constant else (1, *t.shape)) for t in inputs)
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return (*batch, a.shape[-2], b.shape[-1])[1:]

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return sum(t.type.frac for t in inputs)

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        """Centre and radius arithmetic on doubled integers: a.b = ca.cb +- (|ca|.rb + ra.|cb| + ra.rb)."""
        limit = self.peak(inputs, bounds, bounds[0])
        ca, cb = (self._rows(t, b.lo + b.hi) for t, b in zip(inputs, bounds, strict=True))
        ra, rb = (self._rows(t, b.hi - b.lo) for t, b in zip(inputs, bounds, strict=True))
        centre = exact_matmul(ca, cb, 4 * limit).astype(np.int64)
        radius = exact_matmul(np.abs(ca), rb, 4 * limit).astype(np.int64)
        radius += exact_matmul(ra, np.abs(cb) + rb, 8 * limit).astype(np.int64)
        shape = self.shape(inputs)
        return Bounds(-((radius - centre) // 4).reshape(shape), ((centre + radius) // 4).reshape(shape))

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        a, b = (self._rows(t, x.magnitude) for t, x in zip(inputs, bounds, strict=True))
        return _largest_sum(a, b)

    @staticmethod
    def _rows(tensor: Tensor, array: IntArray) -> IntArray:
        return array if tensor.is_constant else array[None]

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        a, b = inputs
        terms = a.shape[-1]
        limit = terms * max(abs(a.type.lo), a.type.hi) * max(abs(b.type.lo), b.type.hi)
        return exact_matmul(arrays[0], arrays[1], limit).astype(carrier(output), copy=False)
