"""Transpose: permute the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import IntArray
from hwflow.ir.ops.base import MovementOp


@dataclass(frozen=True, slots=True)
class Transpose(MovementOp):
    """``perm[i]`` is the input axis that becomes axis i; the batch axis is not counted."""

    perm: tuple[int, ...]

    def move(self, arrays: Sequence[IntArray]) -> IntArray:
        return arrays[0].transpose(0, *(axis + 1 for axis in self.perm))
