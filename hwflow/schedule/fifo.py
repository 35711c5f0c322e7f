"""FIFO depths that neither deadlock nor cost a cycle.

Take the earliest times at which an unbounded graph hands over its output. Then move every other firing as
late as those times allow; of several outputs none need run ahead of the slowest from frame to frame.
Depths that hold the beats of this lazy schedule are enough: the hardware, which starts each firing as early as it
can, is never later than any schedule that fits the same depths (monotonicity of dataflow). We run the bounded graph
all the same and compare.

On time is not yet even: where places alone set the pace of an output, the beats that filled them at first come round as
a burst for ever, say 5, 7 and 18 cycles apart instead of 10. One place more ends that: every loop through a place is
then faster than the graph, and the burst dies away within some frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from hwflow.schedule.dataflow import Actor, Channel, Ends
from hwflow.schedule.maxplus import Constraint, Times, solve
from hwflow.schedule.network import GraphError, connect
from hwflow.schedule.run import FRAMES, Run, run

_PLAIN, _SPARE = 8, 8  # times the frames at first, then times that: how long the longest runs may be, of each kind


def fifo_depths(
    actors: Sequence[Actor], channels: Iterable[Channel], source: Ends, sink: Ends, frames: int = FRAMES
) -> dict[str, int]:
    """A depth for every channel; those that have one keep it. See ``sized``."""
    return sized(actors, channels, source, sink, frames)[0]


def sized(
    actors: Sequence[Actor], channels: Iterable[Channel], source: Ends, sink: Ends, frames: int = FRAMES
) -> tuple[dict[str, int], Run]:
    """A depth for every channel, those that have one keep it; and a run with these depths.

    Guarantees: the first frame's output times and the interval of that run are those of the graph as given, over as
    many frames, which are enough for outputs that ran ahead at first to have settled (looked for in some 100 frames).
    Raises DeadlockError if the given depths deadlock by themselves, GraphError.
    """
    channels, many = tuple(channels), max(_PLAIN * frames, 2 * _frames_inside(actors))
    most = _SPARE * many
    while frames <= most:
        depths = _lazy_depths(run(connect(actors, channels, source, sink), frames), spare=int(frames > many))
        frames *= 2  # depths must also hold for a run longer than the one they come from
        free = run(connect(actors, channels, source, sink), frames)
        bounded = run(connect(actors, with_depths(channels, depths), source, sink), frames)
        if _same_timing(free, bounded) and (_has_settled(free) or frames > many):
            return depths, bounded
    raise GraphError(f"no FIFO depths keep the throughput over {frames} frames")


def _has_settled(free: Run) -> bool:
    """Whether frames are as far apart as the busiest actor takes for one; a path that is longer hides it at first."""
    return free.ii * free.frames >= max(map(free.busy, range(len(free.starts))))


def _frames_inside(actors: Sequence[Actor]) -> int:
    """More frames than a pipeline holds at once: a long one may take a frame every few cycles."""
    return 1 + max(actor.depth // sum(phase.cycles * phase.repeat for phase in actor.phases) for actor in actors)


def with_depths(channels: Iterable[Channel], depths: dict[str, int]) -> tuple[Channel, ...]:
    """The same channels, each as deep as ``depths`` says."""
    return tuple(replace(channel, depth=depths[channel.name]) for channel in channels)


def _same_timing(free: Run, bounded: Run) -> bool:
    return bounded.ii == free.ii and all(
        bool((bounded.times(channel)[0] == free.times(channel)[0]).all()) for channel in free.network.sinks
    )


def _lazy_depths(eager: Run, spare: int) -> dict[str, int]:
    starts = _latest(eager)
    return {
        name: channel.depth if channel.depth is not None else max(1, eager.occupancy(name, starts)) + spare
        for name, channel in eager.network.channels.items()
    }


def _latest(eager: Run) -> list[Times]:
    """The latest start of every firing that keeps the sinks' times: the same system with time reversed."""
    horizon = max(int(starts[-1]) for starts in eager.starts)
    floors = [np.full_like(starts, -horizon) for starts in eager.starts]
    for channel, deadlines in _deadlines(eager).items():
        floors[eager.network.consumer[channel]] = -deadlines[::-1]
    gaps = [np.roll(gap[::-1], 1) for gap in eager.gaps]  # gap[0] is 0 and comes first again
    constraints = [_reverse(link, eager) for link in eager.links]
    starts, _ = solve(floors, gaps, constraints)
    return [-times[::-1] for times in starts]


def _deadlines(eager: Run) -> dict[str, Times]:
    """When each beat of a sink has to be there: of connected sinks, each frame at the pace of the slowest of them."""
    parts, found = eager.network.parts(), dict[str, Times]()
    together: dict[int, list[str]] = {}
    for sink in eager.network.sinks:
        together.setdefault(parts[eager.network.consumer[sink]], []).append(sink)
    for sinks in together.values():
        times = [eager.times(sink) for sink in sinks]
        pace = np.max([each[:, -1] - each[0, -1] for each in times], axis=0)
        found |= {
            sink: np.maximum(each, each[0] + pace[:, None]).ravel() for sink, each in zip(sinks, times, strict=True)
        }
    return found


def _reverse(link: Constraint, eager: Run) -> Constraint:
    """Backwards, firing i of the producer waits for the first firing of the consumer that needs i or a later one."""
    firings, followers = len(eager.starts[link.of]), len(eager.starts[link.to])
    first = link.need.searchsorted(np.arange(firings, 0, -1), side="left")
    return Constraint(link.to, link.of, followers - first, link.delay)
