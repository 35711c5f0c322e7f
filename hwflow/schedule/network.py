"""A dataflow graph that is wired up and checked: every channel has two ends, every rate balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from hwflow.errors import HwflowError
from hwflow.schedule.dataflow import Actor, Channel, Ends, Phase, Port, ports_of

SOURCE, SINK = "source", "sink"
_Named = TypeVar("_Named", Actor, Channel)


class GraphError(HwflowError):
    """The kernels' dataflow graph is not well formed: an error of hwflow, not of its user."""


@dataclass(frozen=True)
class Network:
    """Actors (the sources first, the sinks last) and their channels.

    ``sources`` and ``sinks`` are the channels of the ports: the first of either is actor 0 and the last actor.
    ``producer`` and ``consumer`` give the actor's index at either end of a channel; ``rounds`` how often
    each actor goes round its phases in a frame.
    """

    actors: tuple[Actor, ...]
    channels: Mapping[str, Channel]
    producer: Mapping[str, int]
    consumer: Mapping[str, int]
    rounds: tuple[int, ...]
    sources: tuple[str, ...]
    sinks: tuple[str, ...]

    @property
    def inner(self) -> range:
        """Indices of the actors between the ports."""
        return range(len(self.sources), len(self.actors) - len(self.sinks))

    def parts(self) -> list[int]:
        """For each actor one of its connected part, the same for all of them: nothing paces one part by another."""
        parent = list(range(len(self.actors)))

        def root(actor: int) -> int:
            while parent[actor] != actor:
                parent[actor] = actor = parent[parent[actor]]
            return actor

        for channel in self.channels:
            parent[root(self.producer[channel])] = root(self.consumer[channel])
        return [root(actor) for actor in range(len(parent))]


def connect(actors: Sequence[Actor], channels: Iterable[Channel], source: Ends, sink: Ends) -> Network:
    """Wire the actors between sources and sinks. Raises GraphError."""
    by_name = _unique("channel", channels)
    sources, sinks = ports_of(source), ports_of(sink)
    everyone = (*_sources(sources), *actors, *_sinks(sinks))
    _unique("actor", everyone)
    producer = _ends(by_name, ((a.name, a.outputs) for a in everyone), "producers")
    consumer = _ends(by_name, ((a.name, a.inputs) for a in everyone), "consumers")
    rounds, _ = balance(actors, {port.channel: port.beats for port in (*sources, *sinks)})
    inner = (rounds[actor.name] for actor in actors)
    per_actor = (*(port.beats for port in sources), *inner, *(port.beats for port in reversed(sinks)))
    names = (tuple(port.channel for port in side) for side in (sources, sinks))
    return Network(everyone, by_name, producer, consumer, per_actor, *names)


def balance(actors: Sequence[Actor], beats: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """How often each actor goes round in a frame, and the beats of each channel in a frame.

    ``beats``: what is known of the channels, at least one for each connected part. Each actor must end a
    frame where it began, i.e. go round a whole number of times. Raises GraphError.
    """
    rounds: dict[str, int] = {}
    known = dict(beats)
    waiting = [(actor, _ports(actor)) for actor in actors]
    while waiting:
        ready = [(actor, ports) for actor, ports in waiting if not known.keys().isdisjoint(ports)]
        if not ready:
            raise GraphError(f"actors {[actor.name for actor, _ in waiting]} are not connected to the graph")
        for actor, ports in ready:
            rounds[actor.name] = _rounds(actor, ports, known)
        waiting = [(actor, ports) for actor, ports in waiting if actor.name not in rounds]
    return rounds, known


def _rounds(actor: Actor, ports: Mapping[str, int], known: dict[str, int]) -> int:
    """Rounds of one actor in a frame; adds the beats of its other channels to ``known``."""
    anchor = next(channel for channel in ports if channel in known)
    rounds = Fraction(known[anchor], ports[anchor])
    if rounds.denominator != 1:
        raise GraphError(
            f"actor {actor.name}: {known[anchor]} beats a frame on {anchor} "
            f"are no whole number of rounds of {ports[anchor]}"
        )
    for channel, count in ports.items():
        moved = int(rounds) * count
        if known.setdefault(channel, moved) != moved:
            raise GraphError(
                f"channel {channel}: {known[channel]} beats a frame at one end, but {moved} at actor {actor.name}"
            )
    return int(rounds)


def _ports(actor: Actor) -> dict[str, int]:
    """Beats that the actor moves on each of its channels in one round.

    A channel from the actor to itself must take what it gives.
    """
    taken, given = dict.fromkeys(actor.inputs, 0), dict.fromkeys(actor.outputs, 0)
    for phase in actor.phases:
        for counts, ports in ((phase.consumes, taken), (phase.produces, given)):
            for channel, count in counts.items():
                if count:
                    ports[channel] += count * phase.repeat
    for channel in taken.keys() & given.keys():
        if taken[channel] != given[channel]:
            raise GraphError(f"channel {channel}: actor {actor.name} takes {taken[channel]} and gives {given[channel]}")
    return taken | given


def _sources(ports: Sequence[Port]) -> list[Actor]:
    phases = [Phase({}, {port.channel: 1}, cycles=port.interval) for port in ports]
    return [Actor(name, (phase,), depth=1) for name, phase in zip(_names(SOURCE, ports), phases, strict=True)]


def _sinks(ports: Sequence[Port]) -> list[Actor]:
    """That of the data last."""
    phases = [Phase({port.channel: 1}, {}) for port in ports]
    return [Actor(name, (phase,), depth=1) for name, phase in zip(_names(SINK, ports), phases, strict=True)][::-1]


def _names(kind: str, ports: Sequence[Port]) -> list[str]:
    return [kind, *(f"{kind} {port.channel}" for port in ports[1:])]


def _unique(kind: str, items: Iterable[_Named]) -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for item in items:
        if item.name in found:
            raise GraphError(f"{kind} {item.name}: the name is used twice")
        found[item.name] = item
    return found


def _ends(channels: Mapping[str, Channel], ports: Iterable[tuple[str, tuple[str, ...]]], kind: str) -> dict[str, int]:
    """Channel -> index of the only actor at this end."""
    ends: dict[str, int] = {}
    users: dict[str, list[str]] = {name: [] for name in channels}
    for index, (actor, names) in enumerate(ports):
        for name in names:
            if name not in users:
                raise GraphError(f"actor {actor}: channel {name} is not declared")
            users[name].append(actor)
            ends[name] = index
    for name, actors in users.items():
        if len(actors) != 1:
            raise GraphError(f"channel {name}: has {len(actors)} {kind} {actors}; expected 1")
    return ends
