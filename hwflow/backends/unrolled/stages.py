"""Cuts a traced program into pipeline stages: as few as the clock allows, then as even as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.backends.unrolled import delays
from hwflow.backends.unrolled.program import Program

_PRECISION_NS = 0.01


@dataclass(frozen=True, slots=True)
class Stages:
    """``of``: the stage of each operation, from 0; ``slowest_ns``: the logic of the slowest, without registers."""

    of: tuple[int, ...]
    count: int
    slowest_ns: float

    @property
    def period_ns(self) -> float:
        """Estimated clock period."""
        return self.slowest_ns + delays.REGISTER_NS


def place(program: Program, clock_mhz: float) -> Stages:
    """Stages for a clock. One operation that is slower than the clock has a stage of its own."""
    times = delays.delays(program)
    budget = 1000.0 / clock_mhz - delays.REGISTER_NS
    best = _place(program, times, budget)
    low, high = 0.0, best.slowest_ns
    while high - low > _PRECISION_NS:
        middle = (low + high) / 2
        found = _place(program, times, middle)
        if found.count > best.count:
            low = middle
        else:
            best, high = (found if found.slowest_ns < best.slowest_ns else best), middle
    return best


def _place(program: Program, times: Sequence[float], budget: float) -> Stages:
    """Every operation as early as it can: in its operands' stage if the time suffices, else behind a register."""
    stage: list[int] = []
    ready: list[float] = []
    for op, time in zip(program.ops, times, strict=True):
        at = max((stage[i] for i in op.addr), default=0)
        start = max((ready[i] for i in op.addr if stage[i] == at), default=0.0)
        if op.opcode == delays.Opcode.INPUT:
            start = delays.INPUT_NS
        elif start > 0 and time > 0 and start + time > budget:
            at, start = at + 1, 0.0
        stage.append(at)
        ready.append(start + time)
    return Stages(tuple(stage), max(stage) + 1, max(ready))
