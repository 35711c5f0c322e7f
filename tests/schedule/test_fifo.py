"""FIFO depths: as deep as needed, no deeper where that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.fifo import fifo_depths, with_depths
from hwflow.schedule.run import DeadlockError
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
