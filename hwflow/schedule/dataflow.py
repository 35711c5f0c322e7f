"""Cyclo-static dataflow graphs: the one latency model of kernels, in clock cycles and beats.

A kernel is one or more *actors*; an actor goes round its *phases*; each run of a phase is a *firing*.
Channels are FIFOs of beats (a beat is one token vector); a credit or a ping-pong buffer is a channel
that starts with initial beats.

The rules, precise enough to build in SystemVerilog with valid/ready and equal cycle for cycle:

R1  Start. A firing starts in the first cycle t in which all of these hold: the actor's previous firing
    started at least its ``cycles`` ago; every input channel shows the beats the phase consumes; every
    output channel with a depth has room for the beats the phase produces. An actor starts at most one
    firing a cycle. There is no arbitration, so the behaviour is unique.
R2  Consume. The beats leave their channels at t. The room they free counts from t + 1: ready is
    registered, no combinational path runs from a consumer to its producer.
R3  Produce. Room is reserved at t; the beats can be seen by the consumer from t + depth (or from
    t + ``delays[channel]``). **Beats in flight count against the depth of the channel**, hence the
    pipeline inside a kernel never stalls: it is a free-running shift register behind a credit counter
    for each output (reset to the free places; minus at a start; plus, one cycle later, at a read).
R4  Latency of a FIFO. A FIFO write is the last register of ``depth``: a kernel with p pipeline
    registers, whose result is written to a first-word-fall-through FIFO, has depth p + 1. Depth >= 1.
R5  Ends. A source is an actor of depth 1 that accepts one beat every ``interval`` cycles while its
    channel has room. A sink takes each beat in the cycle in which it can be seen. Of several sources
    (sinks) the first is the data, whose beats make the latency and the interval; others are states.

A channel therefore needs ceil((depth of its producer + 1) / cycles) places to run at full rate. A real
FIFO moves one beat a cycle: a kernel that must equal its RTL uses counts 0 and 1 on channels with data;
larger counts are for credits, which are counters.

Source: Bilsen et al., "Cyclo-static dataflow", IEEE Trans. Signal Processing 44 (2), 1996.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Phase:
    """One step of an actor: beats taken and given, by channel name.

    ``cycles`` is the initiation interval: the next firing starts at least that much later.
    ``repeat`` fires the phase so many times in a row.
    """

    consumes: Mapping[str, int]
    produces: Mapping[str, int]
    cycles: int = 1
    repeat: int = 1

    def __post_init__(self) -> None:
        if self.cycles < 1 or self.repeat < 1:
            raise ValueError(f"Phase: cycles {self.cycles} and repeat {self.repeat} must be at least 1")
        if any(count < 0 for count in (*self.consumes.values(), *self.produces.values())):
            raise ValueError("Phase: a count of beats is negative")


@dataclass(frozen=True)
class Actor:
    """A process that goes round its phases for ever.

    ``depth``: cycles from the start of a firing until its beats can be seen (rules R3 and R4).
    ``delays``: the same for single output channels that differ, e.g. 1 for a buffer released at once.
    """

    name: str
    phases: tuple[Phase, ...]
    depth: int
    delays: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.phases:
            raise ValueError(f"Actor {self.name}: needs at least one phase")
        if min(self.depth, *self.delays.values(), self.depth) < 1:
            raise ValueError(f"Actor {self.name}: depth and delays must be at least 1")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Channels that some phase consumes from, in order of first use."""
        return tuple(dict.fromkeys(c for phase in self.phases for c, n in phase.consumes.items() if n))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Channels that some phase produces to, in order of first use."""
        return tuple(dict.fromkeys(c for phase in self.phases for c, n in phase.produces.items() if n))

    def delay(self, channel: str) -> int:
        """Cycles from the start of a firing until its beats on ``channel`` can be seen."""
        return self.delays.get(channel, self.depth)


@dataclass(frozen=True)
class Channel:
    """A FIFO from one actor to one actor.

    ``depth``: places, beats in flight included (rule R3); None is unbounded, to be sized later.
    ``initial``: beats present at reset. ``width``: bits of a beat; 0 is a mere counter (a credit).
    """

    name: str
    depth: int | None = None
    initial: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        if self.initial < 0 or self.width < 0:
            raise ValueError(f"Channel {self.name}: initial {self.initial} or width {self.width} is negative")
        if self.depth is not None and self.depth < max(1, self.initial):
            raise ValueError(
                f"Channel {self.name}: depth {self.depth} is less than 1 or the {self.initial} initial beats"
            )


@dataclass(frozen=True)
class Port:
    """An end of the graph: the channel, its beats a frame, and the cycles between beats (source only)."""

    channel: str
    beats: int
    interval: int = 1

    def __post_init__(self) -> None:
        if self.beats < 1 or self.interval < 1:
            raise ValueError(f"Port {self.channel}: beats {self.beats} and interval {self.interval} must be at least 1")


Ends = Port | Sequence[Port]  # all sources, or all sinks, the data first


def ports_of(ends: Ends) -> tuple[Port, ...]:
    """Every port of one side."""
    return (ends,) if isinstance(ends, Port) else tuple(ends)
