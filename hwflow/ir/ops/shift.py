"""Shift: an exact scaling by a power of two; it moves the binary point and costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import Bounds, IntArray, Tensor
from hwflow.ir.ops.base import SimpleOp


@dataclass(frozen=True, slots=True)
class Shift(SimpleOp):
    """``x * 2**exponent``: the integers stay, the fraction changes."""

    exponent: int

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        return inputs[0].shape

    def frac(self, inputs: Sequence[Tensor]) -> int:
        return inputs[0].type.frac - self.exponent

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        return bounds[0]

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        return arrays[0]
