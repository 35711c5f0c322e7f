"""What most ops share: monotone bounds, a peak that is the output's own, alignment of fractions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor

INT32_LIMIT = 1 << 31


def carrier(output: Tensor) -> type[np.int32] | type[np.int64]:
    """The smallest numpy integer that the reference computes a tensor in."""
    return np.int32 if -INT32_LIMIT <= output.type.lo and output.type.hi < INT32_LIMIT else np.int64


def align(array: IntArray, tensor: Tensor, frac: int) -> IntArray:
    """The integers of ``array`` at a finer fraction."""
    shift = frac - tensor.type.frac
    return array if shift == 0 else np.left_shift(array, shift)


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
