"""Start times of a dataflow graph as a max-plus system: the events themselves, no clock loop.

Under rules R1 to R5 of ``dataflow`` a firing starts at the maximum of a few earlier starts plus constants,
so the order in which we work it out does not matter (the behaviour is unique), and the run of firings that
an actor can do is one scan: start[k] = gap[k] + max(start[k-1], arrivals of k).

The starts are the least solution of the system. We first seek it from below, with whole actors at a time: sweeps over
all of them, forth and back, until none moves. Where FIFOs do not hold up what sets the pace, a few sweeps do. Where
a loop does set it, every sweep is but one time round the loop: then we follow the events, as far as each may go.

Source: Baccelli et al., "Synchronization and Linearity", Wiley, 1992, chapter 2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
NEVER = -(1 << 60)  # before every start; far enough from the int64 limit to add delays to
_BURST = 16  # firings done one by one before a whole block is worth the cost of numpy calls
_SWEEPS = 32


@dataclass(frozen=True)
class Constraint:
    """Firing k (from 0) of actor ``to`` starts ``delay`` or more after firing number need[k] of actor ``of``.

    ``need`` (firings of ``to``) counts from 1 and never falls; 0 waits for nothing.
    """

    of: int
    to: int
    need: Times
    delay: int


def solve(
    floors: Sequence[Times], gaps: Sequence[Times], constraints: Sequence[Constraint]
) -> tuple[list[Times], list[int]]:
    """The earliest start of every firing, and how many firings of each actor can happen at all.

    ``floors[a][k]``: no firing starts before it. ``gaps[a][k]``: cycles from the start of firing k - 1 to k.
    Starts of firings that cannot happen are meaningless.
    """
    if all(c.need[-1] <= len(floors[c.of]) for c in constraints):
        starts = _Sweeps(floors, gaps, constraints).run()
        if starts is not None:
            return starts, [len(gap) for gap in gaps]
    return _Events(floors, gaps, constraints).run()


class _Sweeps:
    def __init__(self, floors: Sequence[Times], gaps: Sequence[Times], constraints: Sequence[Constraint]) -> None:
        self.starts = [np.concatenate(([NEVER], floor)) for floor in floors]
        self.ramps = [gap.cumsum() for gap in gaps]
        self.incoming = [[c for c in constraints if c.to == actor] for actor in range(len(gaps))]
        self.followers = [{c.to for c in constraints if c.of == actor} for actor in range(len(gaps))]

    def run(self) -> list[Times] | None:
        """The least solution, or None if it is not near. Every state on the way is below it."""
        moved, order = set(range(len(self.ramps))), list(range(len(self.ramps)))
        for _ in range(_SWEEPS):
            for actor in order:
                if actor in moved:
                    moved.discard(actor)
                    moved |= self.followers[actor] if self._update(actor) else set()
            if not moved:
                return [starts[1:] for starts in self.starts]
            order.reverse()
        return None

    def _update(self, actor: int) -> bool:
        """Move an actor's firings as far as the others ask for; whether any moved."""
        before, ramp = self.starts[actor][1:], self.ramps[actor]
        starts = before.copy()
        for c in self.incoming[actor]:
            np.maximum(starts, self.starts[c.of][c.need] + c.delay, out=starts)
        starts -= ramp
        np.maximum.accumulate(starts, out=starts)
        starts += ramp
        if np.array_equal(starts, before):
            return False
        before[:] = starts
        return True


class _Events:
    def __init__(self, floors: Sequence[Times], gaps: Sequence[Times], constraints: Sequence[Constraint]) -> None:
        self.starts = [np.concatenate(([NEVER], floor)) for floor in floors]
        self.gaps, self.ramps = gaps, [gap.cumsum() for gap in gaps]
        self.done = [0] * len(gaps)
        self.incoming: list[list[Constraint]] = [[] for _ in gaps]
        self.followers: list[set[int]] = [set() for _ in gaps]
        for constraint in constraints:
            self.incoming[constraint.to].append(constraint)
            self.followers[constraint.of].add(constraint.to)

    def run(self) -> tuple[list[Times], list[int]]:
        queue = deque(range(len(self.gaps)))
        queued = [True] * len(self.gaps)
        while queue:
            actor = queue.popleft()
            queued[actor] = False
            if self._advance(actor):
                for follower in sorted(self.followers[actor]):
                    if not queued[follower]:
                        queued[follower] = True
                        queue.append(follower)
        return [starts[1:] for starts in self.starts], self.done

    def _advance(self, actor: int) -> bool:
        """Do every firing that can happen now; whether there was any."""
        before = self.done[actor]
        while self._burst(actor) == _BURST and self._block(actor):
            pass
        return self.done[actor] > before

    def _burst(self, actor: int) -> int:
        """Do up to _BURST firings one by one; how many."""
        first, done = self.done[actor], self.done
        own, gap = self.starts[actor].data, self.gaps[actor].data  # scalar access is faster than through numpy
        inputs = [(c.need.data, self.starts[c.of].data, c.delay, c.of) for c in self.incoming[actor]]
        for k in range(first, min(first + _BURST, len(gap))):
            start = max(own[k + 1], own[k] + gap[k])
            for need, others, delay, of in inputs:
                awaited = need[k]
                if awaited > done[of]:
                    return k - first
                arrival = others[awaited] + delay
                if arrival > start:
                    start = arrival
            own[k + 1] = start
            done[actor] = k + 1
        return done[actor] - first

    def _block(self, actor: int) -> bool:
        """Do all the firings that the others' progress allows at once; whether there was any."""
        first, own, ramp = self.done[actor], self.starts[actor], self.ramps[actor]
        end = len(ramp)
        for c in self.incoming[actor]:
            end = min(end, int(c.need.searchsorted(self.done[c.of], side="right")))
        if end <= first:
            return False
        starts = own[first + 1 : end + 1]
        for c in self.incoming[actor]:
            np.maximum(starts, self.starts[c.of][c.need[first:end]] + c.delay, out=starts)
        starts[0] = max(starts[0], own[first] + self.gaps[actor][first])
        starts -= ramp[first:end]
        np.maximum.accumulate(starts, out=starts)
        starts += ramp[first:end]
        self.done[actor] = end
        return True
