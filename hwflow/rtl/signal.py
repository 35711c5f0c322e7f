"""A signal of a pipeline: lanes of one type, and when they can be seen."""

from __future__ import annotations

from dataclasses import dataclass

from hwflow.ir.types import FixedType


@dataclass(frozen=True, slots=True)
class Signal:
    """``lanes`` numbers side by side, lane 0 in the lowest bits.

    ``cycle``: cycles after the step that it belongs to; ``ps``: picoseconds after the clock edge of that cycle.
    ``resets``: a flag that a reset clears on its way. ``terms``: of the adder in the same cycle that it comes from, by
    name; its low bits come before the high ones then. ``values``: of a constant, lane by lane;
    ``still``: it is the same for every step that uses it and needs no registers on its way.
    ``ranges``: least and greatest of each lane, where they are known to be less than those of the type.
    """

    name: str
    lanes: int
    type: FixedType
    cycle: int = 0
    ps: int = 0
    resets: bool = False
    still: bool = False
    terms: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        assert len(self.ranges) in (0, self.lanes), self.name
        assert len(self.values) in (0, self.lanes), self.name

    @property
    def bits(self) -> int:
        """Width of the vector."""
        return self.lanes * self.type.width


FLAG = FixedType(False, 1, 0)


def flag(name: str, cycle: int = 0, ps: int = 0, *, resets: bool = False) -> Signal:
    """One bit; ``resets`` for those that must be low after a reset."""
    return Signal(name, 1, FLAG, cycle, ps, resets)
