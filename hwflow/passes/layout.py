"""Shapes under Transposes and Reshapes: which blocks of axes keep together, and what becomes of a constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import IntArray

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A tensor that is another one moved: ``transpose(reshape(base, mid), perm)``, read under any shape.

    ``row``: the shape has one axis that is longer than 1, over which the elements of ``mid`` lie in another order.
    """

    base: str
    mid: Shape
    perm: tuple[int, ...]
    row: bool = False

    @property
    def shape(self) -> Shape:
        """The shape right behind the Transpose."""
        return tuple(self.mid[axis] for axis in self.perm)

    @property
    def in_order(self) -> bool:
        """Whether the elements keep their row-major order: axes of size 1 may go anywhere."""
        moved = [axis for axis in self.perm if self.mid[axis] > 1]
        return moved == sorted(moved)

    @property
    def positions(self) -> IntArray:
        """Where each element, in row-major order, lies in the base."""
        return np.arange(int(np.prod(self.mid))).reshape(self.mid).transpose(self.perm).ravel()

    @property
    def swapped(self) -> bool:
        """Whether it is a matrix (or a stack of them) transposed, and not in order as it is."""
        if self.row or self.in_order or len(self.perm) < 2:
            return False
        return View(self.base, self.mid, (*self.perm[:-2], self.perm[-1], self.perm[-2])).in_order


def blocks(first: Shape, second: Shape) -> list[tuple[list[int], list[int]]]:
    """The smallest runs of axes of two shapes of one size that hold the same elements."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(first) and j < len(second):
        left, right = [i], [j]
        a, b = first[i], second[j]
        while a != b:
            if a < b:
                left.append(i := i + 1)
                a *= first[i]
            else:
                right.append(j := j + 1)
                b *= second[j]
        found.append((left, right))
        i, j = i + 1, j + 1
    if found:  # only axes of size 1 are left
        found[-1][0].extend(range(i, len(first)))
        found[-1][1].extend(range(j, len(second)))
    return found


def reshaped(mid: Shape, perm: Sequence[int], target: Shape) -> tuple[Shape, tuple[int, ...]] | None:
    """``mid`` and ``perm`` of the view once it is reshaped to ``target``; None where that tears axes apart."""
    runs = []
    for source, axes in blocks(tuple(mid[axis] for axis in perm), target):
        places = [perm[i] for i in source]
        real = [axis for axis in places if mid[axis] > 1]
        between = range(min(real, default=0), max(real, default=-1) + 1)
        if real != [axis for axis in between if mid[axis] > 1]:
            return None
        runs.append((min(real or places), axes))
    order = [axis for _, axes in sorted(runs) for axis in axes]
    return tuple(target[axis] for axis in order), tuple(int(i) for i in np.argsort(order))


def lone_axis(mid: Shape, base: Shape, axis: int) -> int | None:
    """The axis of ``base`` that is ``axis`` of ``mid``, or None where it is part of a longer one."""
    for left, right in blocks(mid, base):
        if axis in left:
            real = [i for i in right if base[i] > 1]
            alone = len(real) == 1 and base[real[0]] == mid[axis]
            return real[0] if alone else right[0] if not real and len(right) == 1 else None
    return None


def constant_of(values: IntArray, view: View, base: Shape) -> IntArray:
    """A constant that broadcasts against a view, as it broadcasts against its base."""
    rank = len(view.perm)
    padded = np.reshape(values, (1,) * (rank - values.ndim) + values.shape).transpose(np.argsort(view.perm))
    shape: list[int] = []
    full = list(padded.shape)
    target = [1] * len(base)
    for left, right in blocks(view.mid, base):
        varies = any(padded.shape[i] > 1 for i in left)
        for i in left:
            full[i] = view.mid[i] if varies else 1
        for i in right:
            target[i] = base[i] if varies else 1
    shape = target
    return np.broadcast_to(padded, full).reshape(shape)
