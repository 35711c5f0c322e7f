"""Dataflow graphs with several sources and sinks."""

from __future__ import annotations

from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.fifo import fifo_depths, sized, with_depths
from hwflow.schedule.simulate import simulate


def state_beside_slow_data(beats: int, slow: int) -> tuple[list[Actor], list[Channel], list[Port], list[Port]]:
    """``front`` updates the state at once; the data have a slow stage behind it."""
    actors = [
        Actor("front", (Phase({"x": 1, "s": 1}, {"h": 1, "t": 1}),), 2),
        Actor("slow", (Phase({"h": 1}, {"y": 1}, slow),), 3),
    ]
    channels = [Channel(name, width=8) for name in ("x", "s", "h", "t", "y")]
    return actors, channels, [Port("x", beats), Port("s", beats)], [Port("y", beats), Port("t", beats)]


def test_times_of_every_port() -> None:
    found = simulate(*state_beside_slow_data(4, slow=5))
    assert {name: (port.first, port.last) for name, port in found.ports.items()} == {
        "x": (0, 3), "s": (0, 3), "y": (6, 21), "t": (3, 6),
    }  # fmt: skip
    assert (found.latency, found.first_output, found.ii) == (21, 6, 20)


def test_a_state_that_runs_ahead_does_not_deepen_the_fifos() -> None:
    """Unbounded, the state of every frame would be there long before its data."""
    actors, channels, sources, sinks = state_beside_slow_data(8, slow=10)
    depths = fifo_depths(actors, channels, sources, sinks)
    assert depths["h"] <= 8 + 1 and depths["t"] <= 3 and depths["s"] <= 2
    free, sized = (simulate(actors, c, sources, sinks, 6) for c in (channels, with_depths(channels, depths)))
    assert (sized.latency, sized.ii) == (free.latency, free.ii)
    assert {name: sized.ports[name] for name in "yt"} == {name: free.ports[name] for name in "yt"}


def test_a_second_input_that_comes_late_holds_the_data() -> None:
    actors, channels, sources, sinks = state_beside_slow_data(4, slow=1)
    found = simulate(actors, channels, [sources[0], Port("s", 4, interval=7)], sinks)
    assert (found.latency, found.ii) == (3 * 7 + 6, 4 * 7)


def test_a_state_that_is_slower_than_the_data_makes_the_interval() -> None:
    actors, channels, sources, sinks = state_beside_slow_data(8, slow=1)
    actors.append(Actor("late", (Phase({"t": 1}, {"u": 1}, 9),), 4))
    channels.append(Channel("u", width=8))
    sinks[1] = Port("u", 8)
    depths = fifo_depths(actors, channels, sources, sinks)
    free, sized = (simulate(actors, c, sources, sinks, 6) for c in (channels, with_depths(channels, depths)))
    assert (free.latency, free.ii) == (sized.latency, sized.ii) == (7 + 6 - 1 + 1, 8 * 9)
    assert depths["t"] <= 8 + 1


def test_an_output_that_ran_ahead_at_first_has_settled_in_the_interval() -> None:
    """A state that waits for nothing is early until the fork is held up: one distance of 9 among those of 8."""
    actors = [
        Actor("fork", (Phase({"x": 1}, {"a": 1, "b": 1, "c": 1}),), 1),
        Actor("first", (Phase({"a": 1}, {"d": 1, "e": 1}, 8),), 9),
        Actor("both", (Phase({"b": 1, "d": 1}, {"v": 1}, 8),), 9),
        Actor("state", (Phase({"c": 1}, {"u": 1}),), 1),
        Actor("pass", (Phase({"e": 1}, {"f": 1}),), 1),
        Actor("last", (Phase({"f": 1}, {"y": 1}, 8),), 10),
    ]
    channels = [Channel(name, width=8) for name in "xabcdefvuy"]
    sources, sinks = Port("x", 1), [Port("y", 1), Port("v", 1), Port("u", 1)]
    depths, done = sized(actors, channels, sources, sinks)
    assert simulate(actors, with_depths(channels, depths), sources, sinks, 4).ii == 9
    assert done.ii == simulate(actors, channels, sources, sinks, 4).ii == 8
