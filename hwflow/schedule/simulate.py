"""Token-level simulation of a dataflow graph: latency, initiation interval, stalls, FIFO marks, deadlock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hwflow.schedule.dataflow import Actor, Channel, Ends
from hwflow.schedule.maxplus import Times
from hwflow.schedule.network import connect
from hwflow.schedule.run import FRAMES, Run, run


@dataclass(frozen=True)
class ActorStats:
    """What an actor did with its time, in cycles, over the whole run.

    ``busy`` is the sum of its initiation intervals; ``starved`` it waited for input beats and ``blocked``
    for room in an output channel; ``occupancy`` is busy / length of the run.
    """

    name: str
    firings: int
    busy: int
    starved: int
    blocked: int
    occupancy: float


@dataclass(frozen=True)
class Trace:
    """The firings of an actor in the first frame: cycle of each start, and when its results can be seen."""

    actor: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class PortTimes:
    """The beats of a port in the first frame: cycles in which the first and the last are accepted, or handed over."""

    first: int
    last: int


@dataclass(frozen=True)
class Simulation:
    """Cycles; the first input beat of the first frame is accepted in cycle 0. Input and output are those of the data.

    ``latency`` and ``first_output``: from the cycle that accepts the first input beat of a frame to the cycle
    that hands over its last (first) output beat, for a frame that finds the machine idle.
    ``ii``: the largest distance between the ends of neighbouring frames, at any output, in the second half of the run
    (0 for a single frame).
    ``high_water``: most beats in each channel, those in flight included, hence a depth that changes nothing.
    """

    latency: int
    first_output: int
    ii: int
    frame_starts: tuple[int, ...]
    frame_ends: tuple[int, ...]
    actors: tuple[ActorStats, ...]
    high_water: Mapping[str, int]
    trace: tuple[Trace, ...]
    ports: Mapping[str, PortTimes]


def simulate(
    actors: Sequence[Actor], channels: Iterable[Channel], source: Ends, sink: Ends, frames: int = FRAMES
) -> Simulation:
    """Run ``frames`` frames back to back through the graph. Raises DeadlockError, GraphError."""
    done = run(connect(actors, channels, source, sink), frames)
    length = int(done.starts[-1][-1]) + 1
    return Simulation(
        latency=done.latency,
        first_output=done.first_output,
        ii=done.ii,
        frame_starts=tuple(done.frame_starts.tolist()),
        frame_ends=tuple(done.frame_ends.tolist()),
        actors=tuple(_stats(done, index, length) for index in done.network.inner),
        high_water={name: done.occupancy(name, done.starts) for name in done.network.channels},
        trace=tuple(_trace(done, index) for index in done.network.inner),
        ports={channel: _port(done, channel) for channel in (*done.network.sources, *done.network.sinks)},
    )


def _port(done: Run, channel: str) -> PortTimes:
    frame = done.times(channel)[0]
    return PortTimes(int(frame[0]), int(frame[-1]))


def _stats(done: Run, index: int, length: int) -> ActorStats:
    starved, blocked = done.stalls(index)
    busy = done.busy(index)
    return ActorStats(
        done.network.actors[index].name, len(done.starts[index]), busy, starved, blocked, busy / max(busy, length)
    )


def _trace(done: Run, index: int) -> Trace:
    actor = done.network.actors[index]
    starts: Times = done.starts[index][: len(done.starts[index]) // done.frames]
    return Trace(actor.name, tuple(starts.tolist()), tuple((starts + actor.depth).tolist()))
