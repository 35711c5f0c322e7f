"""Small graphs whose timing was worked out by hand from rules R1 to R5."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.errors import GateFailed
from hwflow.schedule.critical import critical_path
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.network import connect
from hwflow.schedule.run import DeadlockError, run
from hwflow.schedule.simulate import Simulation, simulate


def chain(*stages: tuple[int, int]) -> tuple[list[Actor], list[Channel]]:
    """Maps with (cycles, depth) in a row, from channel c0 on."""
    actors = [
        Actor(f"map{i}", (Phase({f"c{i}": 1}, {f"c{i + 1}": 1}, cycles),), depth)
        for i, (cycles, depth) in enumerate(stages)
    ]
    return actors, [Channel(f"c{i}") for i in range(len(stages) + 1)]


def simulate_chain(beats: int, *stages: tuple[int, int], frames: int = 4) -> Simulation:
    actors, channels = chain(*stages)
    return simulate(actors, channels, Port("c0", beats), Port(f"c{len(stages)}", beats), frames)


STAGES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=5)


def test_one_map() -> None:
    result = simulate_chain(8, (3, 5))
    assert result.first_output == 1 + 5  # the source's register, then the pipeline
    assert result.latency == 1 + 5 + 7 * 3
    assert result.ii == 8 * 3


@given(STAGES, st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_chain_is_the_sum_of_depths_and_the_slowest_stage(stages: list[tuple[int, int]], beats: int) -> None:
    result = simulate_chain(beats, *stages)
    fill, slowest = 1 + sum(depth for _, depth in stages), max(1, *(cycles for cycles, _ in stages))
    assert result.first_output == fill
    assert result.latency == fill + (beats - 1) * slowest
    assert result.ii == beats * slowest


@given(STAGES, st.integers(1, 6), st.data())
@settings(max_examples=40, deadline=None)
def test_more_folding_never_helps(stages: list[tuple[int, int]], beats: int, data: st.DataObject) -> None:
    slower = [(cycles + data.draw(st.integers(0, 3)), depth) for cycles, depth in stages]
    before, after = simulate_chain(beats, *stages), simulate_chain(beats, *slower)
    assert after.ii >= before.ii
    assert after.latency >= before.latency


def test_a_slow_host_sets_the_pace() -> None:
    actors, channels = chain((2, 3))
    result = simulate(actors, channels, Port("c0", 4, interval=5), Port("c1", 4))
    assert (result.latency, result.ii) == (1 + 3 + 3 * 5, 20)


def test_a_shallow_fifo_costs_throughput() -> None:
    """Depth 1: written at t, seen and read at t + 3, room again from t + 4 (R2, R3): one beat in four cycles."""
    actors, _ = chain((1, 3), (1, 1))
    channels = [Channel("c0"), Channel("c1", 1), Channel("c2")]
    assert simulate(actors, channels, Port("c0", 5), Port("c2", 5)).ii == 5 * 4
    channels[1] = Channel("c1", 4)  # ceil((3 + 1) / 1) places run at full rate
    assert simulate(actors, channels, Port("c0", 5), Port("c2", 5)).ii == 5


def test_statistics() -> None:
    actors, _ = chain((1, 1), (3, 2))
    channels = [Channel("c0", 2), Channel("c1", 2), Channel("c2", 2)]
    result = simulate(actors, channels, Port("c0", 4), Port("c2", 4), frames=1)
    first, second = result.actors
    # map1 starts at 2, 5, 8, 11; map0 at 1, 2 and then one cycle after each of the first two of these reads
    assert result.trace[1].starts == (2, 5, 8, 11)
    assert result.trace[1].ends == (4, 7, 10, 13)
    assert result.trace[0].starts == (1, 2, 3, 6)
    assert (first.firings, first.busy, first.starved, first.blocked) == (4, 4, 1, 2)
    assert (second.firings, second.busy, second.starved, second.blocked) == (4, 12, 2, 0)
    assert second.occupancy == pytest.approx(12 / 14)
    assert result.high_water == {"c0": 2, "c1": 2, "c2": 1}
    assert (result.frame_starts, result.frame_ends) == ((0,), (13,))


def test_repeat_is_a_shorthand() -> None:
    short = Actor("a", (Phase({"x": 1}, {}, 2, repeat=3), Phase({"x": 1}, {"y": 1}, 1)), 4)
    long = Actor("a", (*([Phase({"x": 1}, {}, 2)] * 3), Phase({"x": 1}, {"y": 1}, 1)), 4)
    channels, ports = [Channel("x", 3), Channel("y", 1)], (Port("x", 8), Port("y", 2))
    assert simulate([short], channels, *ports) == simulate([long], channels, *ports)


def fork_join(beats: int, short: int) -> tuple[list[Actor], list[Channel]]:
    """A residual connection around a kernel that must see the whole frame before its first output."""
    actors = [
        Actor("fork", (Phase({"x": 1}, {"long": 1, "short": 1}),), 1),
        Actor("whole", (Phase({"long": 1}, {}, repeat=beats), Phase({}, {"late": 1}, repeat=beats)), 2),
        Actor("join", (Phase({"late": 1, "short": 1}, {"y": 1}),), 1),
    ]
    return actors, [Channel("x", 2), Channel("long", 2), Channel("late", 3), Channel("short", short), Channel("y", 2)]


def test_a_residual_fifo_that_is_too_shallow_deadlocks_and_is_named() -> None:
    actors, channels = fork_join(6, short=5)
    with pytest.raises(DeadlockError) as caught:
        simulate(actors, channels, Port("x", 6), Port("y", 6))
    assert isinstance(caught.value, GateFailed)
    assert caught.value.waits == (
        ("source", "room in x"),
        ("whole", "beats on long"),
        ("join", "beats on late"),
        ("fork", "room in short"),
        ("sink", "beats on y"),
    )
    assert caught.value.fill == {"x": "2/2", "long": "0/2", "late": "0/3", "short": "5/5", "y": "0/2"}
    assert "fork waits for room in short" in str(caught.value)


def test_a_residual_fifo_that_is_deep_enough_runs() -> None:
    actors, channels = fork_join(6, short=6)
    result = simulate(actors, channels, Port("x", 6), Port("y", 6))
    # whole: reads at 2..7, gives at 8..13, seen at 10..15; join a cycle later
    assert (result.first_output, result.latency) == (11, 16)


def attention(beats: int, buffers: int) -> tuple[list[Actor], list[Channel]]:
    """K/V loader and query rows over ``buffers`` buffers, handed over and given back in one cycle."""
    loads = (Phase({"k": 1, "free": 1}, {}), Phase({"k": 1}, {}, repeat=beats - 2), Phase({"k": 1}, {"full": 1}))
    rows = (
        Phase({"q": 1, "full": 1}, {"y": 1}),
        Phase({"q": 1}, {"y": 1}, repeat=beats - 2),
        Phase({"q": 1}, {"y": 1, "free": 1}),
    )
    actors = [
        Actor("split", (Phase({"x": 1}, {"k": 1, "q": 1}),), 1),
        Actor("load", loads, depth=1),
        Actor("rows", rows, depth=4, delays={"free": 1}),
    ]
    return actors, [*map(Channel, "xkqy"), Channel("full"), Channel("free", initial=buffers)]


@pytest.mark.parametrize(("buffers", "ii"), [(1, 16), (2, 8), (3, 8)])
def test_ping_pong_buffers(buffers: int, ii: int) -> None:
    """Loads at 2..9, rows at 10..17, results 4 later. One buffer: load and rows take turns."""
    actors, channels = attention(8, buffers)
    result = simulate(actors, channels, Port("x", 8), Port("y", 8), frames=6)
    assert result.latency == 17 + 4
    assert result.ii == ii


def test_the_critical_path_adds_up() -> None:
    actors, channels = attention(8, 2)
    done = run(connect(actors, channels, Port("x", 8), Port("y", 8)), 2)
    path = critical_path(done)
    assert sum(path.values()) == done.latency == 21
    # the source's register and 7 more beats, split, load, 7 rows and the pipeline of the last
    assert path == {"source": 8, "split": 1, "load": 1, "rows": 7 + 4}


def test_the_same_graph_gives_the_same_result() -> None:
    actors, channels = fork_join(6, short=9)
    first, second = (simulate(actors, channels, Port("x", 6), Port("y", 6)) for _ in range(2))
    assert first == second
    assert all(later > earlier for earlier, later in pairwise(first.frame_ends))


def test_many_beats_stay_fast() -> None:
    began = time.process_time()
    result = simulate_chain(25_000, *[(1 + i % 3, 2 + i % 5) for i in range(50)])  # 5 million firings
    assert result.ii == 75_000
    assert time.process_time() - began < 5
