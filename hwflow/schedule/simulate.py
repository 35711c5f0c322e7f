"""Token-level simulation of a dataflow graph: latency, initiation interval, stalls, FIFO marks, deadlock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hwflow.schedule.dataflow import Actor, Channel, Port
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
class Simulation:
    """Cycles; the first input beat of the first frame is accepted in cycle 0.

    ``latency`` and ``first_output``: from the cycle that accepts the first input beat of a frame to the cycle
    that hands over its last (first) output beat, for a frame that finds the machine idle.
    ``ii``: the largest distance between the ends of neighbouring frames in the second half of the run
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


def simulate(
    actors: Sequence[Actor], channels: Iterable[Channel], source: Port, sink: Port, frames: int = FRAMES
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
        actors=tuple(_stats(done, index, length) for index in _inner(done)),
        high_water={name: done.occupancy(name, done.starts) for name in done.network.channels},
        trace=tuple(_trace(done, index) for index in _inner(done)),
    )


def _inner(done: Run) -> range:
    """Indices of the actors between source and sink."""
    return range(1, len(done.network.actors) - 1)


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
