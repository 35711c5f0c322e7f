"""What most ops share: monotone bounds, a peak that is the output's own, alignment of fractions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.graph import Bounds, IntArray, Tensor

INT32_LIMIT = 1 << 31
NEAR = 1 << 60  # below it a sum, an alignment or a product of bounds is exact in int64
_FAR = 900  # a shift that a float64 survives, and no integer


def carrier(output: Tensor) -> type[np.int32] | type[np.int64]:
    """The smallest numpy integer that the reference computes a tensor in."""
    return np.int32 if output.type.lo >= -INT32_LIMIT and output.type.hi < INT32_LIMIT else np.int64


def largest(array: NDArray[np.float64]) -> int:
    """The largest of some float64 magnitudes, rounded up if they are too large for float64 to be exact."""
    worst = float(array.max(initial=0.0))
    return int(worst) if worst < (1 << 53) else int(worst * (1 + 2**-40))


def align(array: IntArray, tensor: Tensor, frac: int) -> IntArray:
    """The integers of ``array`` at a finer fraction."""
    shift = frac - tensor.type.frac
    return array if shift == 0 else np.left_shift(array, shift)


def aligned_magnitudes(inputs: Sequence[Tensor], bounds: Sequence[Bounds], frac: int) -> list[int]:
    """The largest integer of each operand at a finer fraction, in float64: it may not fit int64."""
    return [
        largest(np.ldexp(b.magnitude.astype(np.float64), min(frac - t.type.frac, _FAR)))
        for b, t in zip(bounds, inputs, strict=True)
    ]


class SimpleOp:
    """Default peak: no partial result exceeds the output."""

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        return int(output.magnitude.max(initial=0))


class MovementOp(SimpleOp):
    """An op that only moves elements: same fraction, bounds moved as the data are."""

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[0].type.frac

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return self.move([np.broadcast_to(np.int8(0), (1, *t.shape)) for t in inputs]).shape[1:]

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        return Bounds(self.move([b.lo[None] for b in bounds])[0], self.move([b.hi[None] for b in bounds])[0])

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return self.move(arrays)

    def move(self, arrays: Sequence[IntArray]) -> IntArray:
        """Move the elements of arrays that carry a leading batch axis."""
        raise NotImplementedError
