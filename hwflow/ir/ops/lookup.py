"""Lookup: the row of a constant table that a token names; an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp


@dataclass(frozen=True, slots=True)
class Lookup(SimpleOp):
    """(tokens, 1) and a constant (rows, D) give (tokens, D); a token beyond the last row takes the last one."""

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return (*inputs[0].shape[:-1], inputs[1].shape[-1])

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[1].type.frac

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        table, shape = bounds[1].lo, self.shape(inputs)
        return Bounds(np.broadcast_to(table.min(axis=0), shape), np.broadcast_to(table.max(axis=0), shape))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return np.asarray(arrays[1][self.address(inputs, arrays[0][..., 0])])

    def address(self, inputs: Sequence[Tensor], array: IntArray) -> IntArray:
        """The row that each token reads."""
        return np.clip(array, 0, inputs[1].shape[0] - 1)
