"""The folds of each kernel that are worth a look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hwflow.boards import Board
from hwflow.schedule.dataflow import Actor, Channel, Ends, ports_of
from hwflow.schedule.kernel import CostlyKernel, Fold, SchedulableKernel
from hwflow.schedule.network import balance
from hwflow.schedule.resources import KINDS, Resources

Weights = Mapping[str, float]  # kind of resource -> weight of its share in the area


@dataclass(frozen=True)
class Option:
    """One kernel under one fold. ``load``: cycles that its busiest actor needs for a frame."""

    kernel: str
    fold: Fold
    actors: tuple[Actor, ...]
    channels: tuple[Channel, ...]
    resources: Resources
    shares: Mapping[str, float]
    loads: tuple[int, ...]

    @property
    def load(self) -> int:
        """Cycles a frame of the busiest actor: the initiation interval is never below it."""
        return max(self.loads)

    @property
    def depth(self) -> int:
        """Sum of its actors' pipeline depths."""
        return sum(actor.depth for actor in self.actors)

    def area(self, weights: Weights) -> float:
        """Weighted sum of the shares of the board's usable resources."""
        return sum(weights[kind] * share for kind, share in self.shares.items())

    def better_than(self, other: Option) -> bool:
        """No worse in anything, for kernels whose actors differ in speed only."""
        mine, theirs = self._figures, other._figures
        if mine == theirs:
            return self.fold < other.fold
        return len(mine) == len(theirs) and all(a <= b for a, b in zip(mine, theirs, strict=True))

    @cached_property
    def _figures(self) -> tuple[int, ...]:
        depths = (actor.delay(channel) for actor in self.actors for channel in actor.outputs)
        return (*self.loads, *depths, *(getattr(self.resources, kind) for kind in KINDS))


def list_options(
    kernels: Sequence[SchedulableKernel],
    channels: Sequence[Channel],
    source: Ends,
    sink: Ends,
    board: Board,
    *,
    smallest: bool = False,
) -> list[list[Option]]:
    """For each kernel, the folds that no other fold beats, in the order of ``Fold``. Raises GraphError.

    ``smallest``: speed does not matter, so a costly fold that is surely larger than another is left out.
    """
    some = [actor for kernel in kernels for actor in kernel.actors(kernel.folds()[0])]
    _, beats = balance(some, {port.channel: port.beats for port in (*ports_of(source), *ports_of(sink))})
    outer = {channel.name: beats[channel.name] for channel in channels if channel.name in beats}
    return [_undominated(_options(kernel, outer, board, smallest)) for kernel in kernels]


def _options(kernel: SchedulableKernel, beats: Mapping[str, int], board: Board, smallest: bool) -> list[Option]:
    bounds = {fold: kernel.at_least(fold) for fold in kernel.folds()} if isinstance(kernel, CostlyKernel) else {}
    late = {fold: found for fold, found in bounds.items() if smallest and found is not None}
    options = [_option(kernel, fold, beats, board) for fold in kernel.folds() if fold not in late]
    least = min((sum(option.shares.values()) for option in options), default=math.inf)
    near = [fold for fold, found in late.items() if sum(found.share_of(board).values()) <= least]
    return [*options, *(_option(kernel, fold, beats, board) for fold in near)]


def _option(kernel: SchedulableKernel, fold: Fold, beats: Mapping[str, int], board: Board) -> Option:
    actors = tuple(kernel.actors(fold))
    ports = {name for actor in actors for name in (*actor.inputs, *actor.outputs)}
    rounds, _ = balance(actors, {name: count for name, count in beats.items() if name in ports})
    loads = tuple(rounds[a.name] * sum(phase.cycles * phase.repeat for phase in a.phases) for a in actors)
    resources = kernel.resources(fold)
    return Option(kernel.name, fold, actors, tuple(kernel.channels(fold)), resources, resources.share_of(board), loads)


def _undominated(options: list[Option]) -> list[Option]:
    kept = [a for a in options if not any(b.better_than(a) for b in options if b is not a)]
    return sorted(kept, key=lambda option: option.fold)
