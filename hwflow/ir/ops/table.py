"""Table: any unary function of an integer, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp
from hwflow.ir.types import FixedType


def table_inputs(source: FixedType) -> IntArray:
    """Every integer of ``source`` in address order: the raw bits read as an unsigned address."""
    address = np.arange(1 << source.width, dtype=np.int64)
    return np.where(address > source.hi, address - (1 << source.width), address)


@dataclass(frozen=True, slots=True)
class Table(SimpleOp):
    """``table[x]``: the second input is a constant of 2**width entries, addressed by the raw bits of x."""

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return inputs[0].shape

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[1].type.frac

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        reach = table_inputs(inputs[0].type)
        met = (reach >= bounds[0].lo.min()) & (reach <= bounds[0].hi.max())
        entries = bounds[1].lo[met]
        shape = inputs[0].shape
        return Bounds(np.full(shape, entries.min()), np.full(shape, entries.max()))

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return np.take(arrays[1], self.address(inputs, arrays[0]))

    def address(self, inputs: Sequence[Tensor], array: IntArray) -> IntArray:
        """The entry that each integer of x reads."""
        return np.bitwise_and(array, (1 << inputs[0].type.width) - 1)
