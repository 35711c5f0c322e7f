"""One run of a network: its start times and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hwflow.errors import GateFailed
from hwflow.schedule.maxplus import NEVER, Constraint, Times, solve
from hwflow.schedule.network import Network

FRAMES = 4  # enough for the interval between frames to settle in feed-forward and ping-pong graphs

Pattern = tuple[tuple[int, int], ...]  # (count, how many firings in a row), once round the phases


class DeadlockError(GateFailed):
    """The graph came to a halt. ``waits``: (actor, what it waits for); ``fill``: beats in each channel."""

    def __init__(self, waits: Sequence[tuple[str, str]], fill: dict[str, str]) -> None:
        self.waits, self.fill = tuple(waits), fill
        halted = "; ".join(f"{actor} waits for {what}" for actor, what in waits)
        places = ", ".join(f"{name} {n}" for name, n in fill.items())
        super().__init__(f"deadlock: {halted}. FIFOs: {places}. Make those deeper that have no room.")


@dataclass(frozen=True)
class Link(Constraint):
    """A constraint that a channel makes: beats for its consumer, or room for its producer."""

    channel: str
    room: bool


@dataclass(frozen=True)
class Run:
    """``starts[a]``: start cycle of each firing of actor a over all frames."""

    network: Network
    frames: int
    links: tuple[Link, ...]
    gaps: tuple[Times, ...]
    starts: tuple[Times, ...]

    @property
    def frame_starts(self) -> Times:
        """Cycle that accepts the first input beat, for each frame."""
        return self.starts[0].reshape(self.frames, -1)[:, 0]

    @property
    def frame_ends(self) -> Times:
        """Cycle that hands over the last output beat, for each frame."""
        return self.starts[-1].reshape(self.frames, -1)[:, -1]

    @property
    def latency(self) -> int:
        """Cycles from the first input beat to the last output beat of the first frame."""
        return int(self.frame_ends[0] - self.frame_starts[0])

    @property
    def first_output(self) -> int:
        """Cycles from the first input beat to the first output beat of the first frame."""
        return int(self.starts[-1][0] - self.starts[0][0])

    @property
    def ii(self) -> int:
        """Largest distance between frames, at any output, in the second half of the run; 0 for a single frame."""
        ends = np.stack([self.times(channel)[:, -1] for channel in self.network.sinks])
        return int(np.diff(ends)[:, (self.frames - 1) // 2 :].max(initial=0))

    def times(self, channel: str) -> Times:
        """Cycle in which each beat of a port is accepted or handed over, (frames, beats)."""
        ends = self.network.producer if channel in self.network.sources else self.network.consumer
        return self.starts[ends[channel]].reshape(self.frames, -1)

    def busy(self, index: int) -> int:
        """Sum of the initiation intervals of an actor's firings."""
        return int(self.gaps[index].sum() + self.network.actors[index].phases[-1].cycles)

    def stalls(self, index: int) -> tuple[int, int]:
        """Cycles an actor waited for beats, and beyond that for room."""
        starts, gap = self.starts[index], self.gaps[index]
        ready = np.concatenate(([0], starts[:-1])) + gap
        fed = ready.copy()
        for link in self.links:
            if link.to == index and not link.room:
                np.maximum(fed, self._arrivals(link), out=fed)
        return int((fed - ready).sum()), int((starts - fed).sum())

    def _arrivals(self, link: Link) -> Times:
        return np.concatenate(([NEVER], self.starts[link.of]))[link.need] + link.delay

    def occupancy(self, channel: str, starts: Sequence[Times]) -> int:
        """Most places of a channel in use at once under the given start times (rules R2 and R3)."""
        given, taken = counts(self.network, channel, self.frames)
        writes = starts[self.network.producer[channel]]
        reads = starts[self.network.consumer[channel]]
        left = np.concatenate(([0], taken))[reads.searchsorted(writes, side="left")]
        initial = self.network.channels[channel].initial
        return int(np.max(given - left, initial=0)) + initial


def run(network: Network, frames: int) -> Run:
    """Start every firing as early as the rules allow. Raises DeadlockError."""
    links = tuple(link for name in network.channels for link in _links(network, name, frames))
    gaps = tuple(
        _gaps(tuple((p.cycles, p.repeat) for p in actor.phases), rounds * frames)
        for actor, rounds in zip(network.actors, network.rounds, strict=True)
    )
    starts, done = solve([np.zeros_like(gap) for gap in gaps], gaps, links)
    if any(count < len(gap) for count, gap in zip(done, gaps, strict=True)):
        raise _deadlock(network, frames, links, gaps, done)
    return Run(network, frames, links, gaps, tuple(starts))


def counts(network: Network, channel: str, frames: int) -> tuple[Times, Times]:
    """Beats given to (taken from) a channel up to and including each firing of its producer (consumer)."""
    producer, consumer = network.producer[channel], network.consumer[channel]
    given = tuple((p.produces.get(channel, 0), p.repeat) for p in network.actors[producer].phases)
    taken = tuple((p.consumes.get(channel, 0), p.repeat) for p in network.actors[consumer].phases)
    return (
        _cumulative(given, network.rounds[producer] * frames),
        _cumulative(taken, network.rounds[consumer] * frames),
    )


def _links(network: Network, name: str, frames: int) -> list[Link]:
    """A channel with a depth is two: beats forward, and free places back, which a read gives after one cycle."""
    channel = network.channels[name]
    producer, consumer = network.producer[name], network.consumer[name]
    given, taken = counts(network, name, frames)
    delay = network.actors[producer].delay(name)
    links = [Link(producer, consumer, _need(given, taken - channel.initial), delay, name, room=False)]
    if channel.depth is not None:
        places = channel.depth - channel.initial
        links.append(Link(consumer, producer, _need(taken, given - places), 1, name, room=True))
    return links


def _need(given: Times, wanted: Times) -> Times:
    """Number of the first firing by which ``wanted`` beats were given; 0 if none are wanted."""
    return np.where(wanted > 0, given.searchsorted(wanted, side="left") + 1, 0)


@lru_cache(maxsize=256)
def _cumulative(pattern: Pattern, rounds: int) -> Times:
    sums = np.tile(_expand(pattern), rounds).cumsum()
    sums.flags.writeable = False
    return sums


@lru_cache(maxsize=256)
def _gaps(pattern: Pattern, rounds: int) -> Times:
    """Cycles from each firing's predecessor: the initiation interval of the phase before it."""
    gaps = np.roll(np.tile(_expand(pattern), rounds), 1)
    gaps[0] = 0
    gaps.flags.writeable = False
    return gaps


def _expand(pattern: Pattern) -> Times:
    values, repeats = np.array(pattern, dtype=np.int64).T
    return np.repeat(values, repeats)


def _deadlock(
    network: Network, frames: int, links: Sequence[Link], gaps: Sequence[Times], done: Sequence[int]
) -> DeadlockError:
    waits = [
        (network.actors[link.to].name, f"{'room in' if link.room else 'beats on'} {link.channel}")
        for link in links
        if done[link.to] < len(gaps[link.to]) and link.need[done[link.to]] > done[link.of]
    ]
    return DeadlockError(waits, {name: _fill(network, name, frames, done) for name in network.channels})


def _fill(network: Network, name: str, frames: int, done: Sequence[int]) -> str:
    channel = network.channels[name]
    given, taken = (np.concatenate(([0], sums)) for sums in counts(network, name, frames))
    beats = channel.initial + given[done[network.producer[name]]] - taken[done[network.consumer[name]]]
    return f"{beats}/{'unbounded' if channel.depth is None else channel.depth}"
