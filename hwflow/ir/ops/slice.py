"""Slice: a range of one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import IntArray
from hwflow.ir.ops.base import MovementOp


@dataclass(frozen=True, slots=True)
class Slice(MovementOp):
    """Elements ``start, start + step, ...`` below ``stop`` of ``axis``, which counts from the end."""

    axis: int
    start: int
    stop: int
    step: int = 1

    def move(self, arrays: Sequence[IntArray]) -> IntArray:
        index: list[slice] = [slice(None)] * arrays[0].ndim
        index[self.axis] = slice(self.start, self.stop, self.step)
        return arrays[0][tuple(index)]
