"""Counts of FPGA resources: what a kernel needs, what a board offers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwflow.boards import Board


@dataclass(frozen=True, slots=True)
class Resources:
    """Look-up tables, flip-flops, DSP slices, 18 Kb block RAMs (a BRAM36 is two) and UltraRAMs."""

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    bram18: int = 0
    uram: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, kind) + getattr(other, kind) for kind in KINDS))

    def __mul__(self, copies: int) -> Resources:
        return Resources(*(getattr(self, kind) * copies for kind in KINDS))

    __rmul__ = __mul__

    def fits(self, board: Board) -> bool:
        """Whether every kind stays within what a design may use of the board."""
        return all(share <= 1.0 for share in self.share_of(board).values())

    def share_of(self, board: Board) -> dict[str, float]:
        """Used / usable for each kind; infinite for a kind that the board does not have."""
        return {kind: _share(getattr(self, kind), getattr(board.usable, kind)) for kind in KINDS}

    def as_dict(self) -> dict[str, int]:
        """Kind -> count; ``Resources(**d)`` is the way back."""
        return asdict(self)


KINDS = tuple(field.name for field in fields(Resources))


def total(parts: Iterable[Resources]) -> Resources:
    """The sum of any number of counts."""
    return sum(parts, Resources())


def _share(used: int, usable: int) -> float:
    if usable:
        return used / usable
    return math.inf if used else 0.0
