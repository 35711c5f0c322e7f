"""Reshape: the same elements in row-major order under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import IntArray
from hwflow.ir.ops.base import MovementOp


@dataclass(frozen=True, slots=True)
class Reshape(MovementOp):
    """Reshape to ``target``, which leaves out the batch axis."""

    target: tuple[int, ...]

    def move(self, arrays: Sequence[IntArray]) -> IntArray:
        return arrays[0].reshape(arrays[0].shape[0], *self.target)
