"""FIFO depths: as deep as needed, no deeper where that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.fifo import fifo_depths, sized, with_depths
from hwflow.schedule.network import connect
from hwflow.schedule.run import DeadlockError, Run, run
from hwflow.schedule.simulate import simulate


def test_a_stage_needs_its_depth_and_one_place_more() -> None:
    actors = [
        Actor("a", (Phase({"x": 1}, {"h": 1}, 1),), depth=5),
        Actor("b", (Phase({"h": 1}, {"y": 1}, 2),), depth=5),
    ]
    depths = fifo_depths(actors, [Channel("x"), Channel("h"), Channel("y")], Port("x", 8), Port("y", 8))
    assert depths == {"x": 1, "h": 3, "y": 3}  # ceil((5 + 1) / 2): a runs at the pace of b


def residual(beats: int) -> tuple[list[Actor], list[Channel]]:
    actors = [
        Actor("fork", (Phase({"x": 1}, {"long": 1, "short": 1}),), 1),
        Actor("whole", (Phase({"long": 1}, {}, repeat=beats), Phase({}, {"late": 1}, repeat=beats)), 2),
        Actor("join", (Phase({"late": 1, "short": 1}, {"y": 1}),), 1),
    ]
    return actors, [Channel(name) for name in ("x", "long", "late", "short", "y")]


@pytest.mark.parametrize("beats", [2, 6, 20])
def test_a_residual_connection_gets_the_depth_of_the_longer_branch(beats: int) -> None:
    actors, channels = residual(beats)
    ports = Port("x", beats), Port("y", beats)
    depths = fifo_depths(actors, channels, *ports)
    assert depths["short"] >= beats
    free, bounded = (simulate(actors, c, *ports) for c in (channels, with_depths(channels, depths)))
    assert (bounded.latency, bounded.ii) == (free.latency, free.ii)
    assert all(bounded.high_water[name] <= depth for name, depth in depths.items())
    shallow = with_depths(channels, {**depths, "short": beats - 1})
    with pytest.raises(DeadlockError):
        simulate(actors, shallow, *ports)


def test_given_depths_stay_and_a_deadlock_among_them_is_reported() -> None:
    actors, channels = residual(6)
    ports = Port("x", 6), Port("y", 6)
    assert (
        fifo_depths(actors, [replace(c, depth=40) if c.name == "late" else c for c in channels], *ports)["late"] == 40
    )
    with pytest.raises(DeadlockError, match="fork waits for room in short"):
        fifo_depths(actors, [replace(c, depth=3) if c.name == "short" else c for c in channels], *ports)


def test_a_pipeline_that_holds_hundreds_of_frames_gets_its_places() -> None:
    """A long chain of element-wise ops on one token: more frames are on their way than a short run has."""
    actors = [Actor("long", (Phase({"x": 1}, {"y": 1}),), 700)]
    depths = fifo_depths(actors, [Channel("x"), Channel("y")], Port("x", 1), Port("y", 1))
    assert depths["y"] == 701


Stage = tuple[int, int]  # cycles, depth


def branches(*stages: list[Stage], beats: int = 1) -> tuple[list[Actor], list[Channel], Port, list[Port]]:
    """A fork to chains of stages, each with an output of its own."""
    actors = [Actor("fork", (Phase({"x": 1}, {f"{b}.0": 1 for b in range(len(stages))}),), 1)]
    for b, chain in enumerate(stages):
        for s, (cycles, depth) in enumerate(chain):
            actors.append(Actor(f"stage {b}.{s}", (Phase({f"{b}.{s}": 1}, {f"{b}.{s + 1}": 1}, cycles),), depth))
    channels = [Channel("x"), *(Channel(f"{b}.{s}") for b, chain in enumerate(stages) for s in range(len(chain) + 1))]
    return actors, channels, Port("x", beats), [Port(f"{b}.{len(chain)}", beats) for b, chain in enumerate(stages)]


def intervals(run: Run) -> list[int]:
    """Cycles between the ends of frames in the last half, at all outputs."""
    ends = np.stack([run.times(sink)[:, -1] for sink in run.network.sinks])
    return sorted(set(np.diff(ends)[:, run.frames // 2 :].ravel().tolist()))


@pytest.mark.parametrize("fast", [(5, 29), (1, 29), (5, 19)])
def test_an_output_that_waits_for_a_slower_one_runs_at_an_even_pace(fast: Stage) -> None:
    """Its places take just as long to come round as the slower output needs for as many frames: 30 cycles for 3."""
    actors, channels, source, sinks = branches([fast], [(10, 10)])
    depths, bounded = sized(actors, channels, source, sinks)
    assert (bounded.ii, intervals(bounded)) == (10, [10])
    assert depths["0.1"] == (fast[1] + 1) // 10 + 1
    tight = with_depths(channels, {name: depth - 1 for name, depth in depths.items()})
    uneven = run(connect(actors, tight, source, sinks), 64)
    assert uneven.ii > 10  # one place less is on time, and comes in bursts
    late = uneven.times("0.1")[:, 0] - 10 * np.arange(64)
    assert late.max() == late[0]


@pytest.mark.parametrize(
    ("long", "slow"), [([(12, 45)], [(10, 6), (14, 8)]), ([(12, 24)], [(11, 35)]), ([(10, 120)], [(11, 20)])]
)
def test_a_slow_stage_that_a_longer_path_hides_at_first_makes_the_interval(
    long: list[Stage], slow: list[Stage]
) -> None:
    """The longer branch ends so much later that for some frames, up to a hundred, the other's pace does not show."""
    actors, channels, source, sinks = branches(long, slow)
    actors.append(Actor("join", (Phase({sink.channel: 1 for sink in sinks}, {"y": 1}),), 1))
    _, bounded = sized(actors, [*channels, Channel("y")], source, Port("y", 1))
    assert bounded.ii == max(cycles for cycles, _ in (*long, *slow))


STAGES = st.lists(st.tuples(st.integers(1, 14), st.integers(1, 60)), min_size=1, max_size=3)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(STAGES, min_size=2, max_size=4), st.sampled_from([1, 2, 3, 8]))
def test_branches_of_any_pace_run_at_that_of_the_slowest(stages: list[list[Stage]], beats: int) -> None:
    _, bounded = sized(*branches(*stages, beats=beats))
    assert bounded.ii == beats * max(cycles for chain in stages for cycles, _ in chain)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.lists(STAGES, min_size=2, max_size=3), st.sampled_from([1, 3]))
def test_unconnected_chains_keep_a_pace_of_their_own(chains: list[list[Stage]], beats: int) -> None:
    """Nothing holds the quicker one back: places for the slower one's pace would make it come in bursts for ever."""
    actors, channels, _, sinks = branches(*chains, beats=beats)
    sources = [Port(f"{b}.0", beats) for b in range(len(chains))]
    unforked = [channel for channel in channels if channel.name != "x"]
    _, bounded = sized(actors[1:], unforked, sources, sinks)
    for chain, sink in zip(chains, sinks, strict=True):
        late = np.diff(bounded.times(sink.channel)[:, -1])[bounded.frames // 2 :]
        assert set(late.tolist()) == {beats * max(cycles for cycles, _ in chain)}
