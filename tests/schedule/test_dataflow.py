"""Malformed phases, actors, channels and graphs are refused with a text that names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.network import GraphError, balance, connect


def copier(name: str, source: str, target: str) -> Actor:
    return Actor(name, (Phase({source: 1}, {target: 1}),), depth=1)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: Phase({}, {}, cycles=0), "cycles 0"),
        (lambda: Phase({}, {}, repeat=0), "repeat 0"),
        (lambda: Phase({"x": -1}, {}), "negative"),
        (lambda: Actor("a", (), depth=1), "Actor a: needs at least one phase"),
        (lambda: Actor("a", (Phase({}, {}),), depth=0), "Actor a: depth"),
        (lambda: Actor("a", (Phase({}, {}),), depth=2, delays={"y": 0}), "Actor a: depth and delays"),
        (lambda: Channel("x", 0), "Channel x: depth 0"),
        (lambda: Channel("x", 2, initial=3), "the 3 initial beats"),
        (lambda: Channel("x", initial=-1), "negative"),
        (lambda: Port("x", 0), "Port x: beats 0"),
        (lambda: Port("x", 1, interval=0), "interval 0"),
    ],
)
def test_bad_values_are_refused(build: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        build()


@pytest.mark.parametrize(
    ("actors", "channels", "text"),
    [
        ([copier("a", "x", "y")], ["x"], "actor a: channel y is not declared"),
        ([copier("a", "x", "y")], ["x", "y", "z"], "channel z: has 0 producers"),
        ([copier("a", "x", "y"), copier("b", "x", "z")], ["x", "y", "z"], r"channel x: has 2 consumers \['a', 'b'\]"),
        ([copier("a", "x", "y"), copier("a", "y", "z")], ["x", "y", "z"], "actor a: the name is used twice"),
        ([copier("a", "x", "y")], ["x", "x", "y"], "channel x: the name is used twice"),
        ([copier("source", "x", "y")], ["x", "y"], "actor source: the name is used twice"),
        ([copier("a", "x", "y"), copier("b", "p", "p")], ["x", "y", "p"], r"actors \['b'\] are not connected"),
        ([Actor("a", (Phase({"x": 3}, {"y": 3}),), 1)], ["x", "y"], "actor a: 4 beats a frame on x are no whole"),
        ([Actor("a", (Phase({"x": 1}, {"y": 2}),), 1)], ["x", "y"], "channel y: 4 beats a frame at one end, but 8"),
        (
            [Actor("a", (Phase({"x": 1, "s": 1}, {"y": 1, "s": 2}),), 1)],
            ["x", "y", "s"],
            "channel s: actor a takes 1 and gives 2",
        ),
    ],
)
def test_bad_graphs_are_refused(actors: Sequence[Actor], channels: Sequence[str], text: str) -> None:
    with pytest.raises(GraphError, match=text):
        connect(actors, [Channel(name) for name in channels], Port("x", 4), Port("y", 4))


def test_balance_counts_rounds_and_beats() -> None:
    pool = Actor("pool", (Phase({"x": 1}, {}, repeat=3), Phase({"x": 1}, {"y": 1})), depth=2)
    assert balance([pool], {"x": 8}) == ({"pool": 2}, {"x": 8, "y": 2})


def test_ports_are_listed_in_order_of_use() -> None:
    actor = Actor("a", (Phase({"x": 1}, {"y": 0}), Phase({"w": 1, "x": 1}, {"z": 1})), depth=3, delays={"z": 1})
    assert (actor.inputs, actor.outputs) == (("x", "w"), ("z",))
    assert (actor.delay("z"), actor.delay("y")) == (1, 3)
