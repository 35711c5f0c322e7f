"""The event-driven simulator against a naive one that steps through every clock cycle."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from hwflow.schedule import maxplus
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.fifo import fifo_depths, with_depths
from hwflow.schedule.network import Network, connect
from hwflow.schedule.run import DeadlockError, run

FRAMES = 3


@dataclass
class _Fifo:
    """One channel: what can be seen, what is reserved, what is on its way and what is freed next cycle."""

    depth: float
    visible: int
    used: int
    flying: Counter[int] = field(default_factory=Counter)


@dataclass
class _Process:
    phases: list[Phase]
    left: int
    step: int = 0
    free_at: int = 0
    starts: list[int] = field(default_factory=list)


def clocked(network: Network, frames: int) -> list[list[int]] | None:
    """Start cycles of every firing by rules R1 to R5, cycle by cycle; None on deadlock."""
    fifos = {
        name: _Fifo(float("inf") if c.depth is None else c.depth, c.initial, c.initial)
        for name, c in network.channels.items()
    }
    processes = []
    for actor, rounds in zip(network.actors, network.rounds, strict=True):
        phases = [phase for phase in actor.phases for _ in range(phase.repeat)]
        processes.append(_Process(phases, len(phases) * rounds * frames))
    cycle, idle = 0, 0
    while any(p.left for p in processes):
        for fifo in fifos.values():
            fifo.visible += fifo.flying.pop(cycle, 0)
        freed: Counter[str] = Counter()
        active = False
        for actor, p in zip(network.actors, processes, strict=True):
            phase = p.phases[p.step]
            if not p.left or cycle < p.free_at:
                continue
            fed = all(fifos[c].visible >= n for c, n in phase.consumes.items())
            if not fed or not all(fifos[c].used + n <= fifos[c].depth for c, n in phase.produces.items()):
                continue
            for c, n in phase.consumes.items():
                fifos[c].visible -= n
                freed[c] += n
            for c, n in phase.produces.items():
                fifos[c].used += n
                fifos[c].flying[cycle + actor.delay(c)] += n
            p.starts.append(cycle)
            p.left, p.step, p.free_at = p.left - 1, (p.step + 1) % len(p.phases), cycle + phase.cycles
            active = True
        for c, n in freed.items():
            fifos[c].used -= n
        idle = 0 if active else idle + 1
        if idle > 100:
            return None
        cycle += 1
    return [p.starts for p in processes]


def _split(rng: random.Random, total: int, parts: int) -> list[int]:
    cuts = sorted(rng.randint(0, total) for _ in range(parts - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]


def _actor(rng: random.Random, name: str, inputs: list[str], outputs: list[str], beats: int) -> Actor:
    steps = rng.choice([1, 1, 2, 3])
    phases: tuple[Phase, ...]
    if steps == 1:
        phases = (Phase(dict.fromkeys(inputs, 1), dict.fromkeys(outputs, 1), rng.randint(1, 4)),)
    else:
        takes = {c: _split(rng, beats, steps) for c in inputs}
        gives = {c: _split(rng, beats, steps) for c in outputs}
        phases = tuple(
            Phase({c: n[i] for c, n in takes.items()}, {c: n[i] for c, n in gives.items()}, rng.randint(1, 4))
            for i in range(steps)
        )
        if rng.random() < 0.3:  # a phase that fires twice, for half as many beats of an even count
            halved = Phase(dict.fromkeys(inputs, beats // 2), dict.fromkeys(outputs, beats // 2), 2, repeat=2)
            phases = (halved,) if beats % 2 == 0 else phases
    delays = {c: rng.randint(1, 7) for c in outputs if rng.random() < 0.2}
    return Actor(name, phases, rng.randint(1, 7), delays)


def random_graph(seed: int) -> tuple[list[Actor], list[Channel], Port, Port]:
    """Forks, joins, bursts, feedback credits; bounded and unbounded channels; some deadlock."""
    rng = random.Random(seed)
    beats = rng.randint(1, 5)
    deepest = rng.choice([3, 8, 20])
    channels = [Channel("x", rng.choice([None, 1, 2, 4]))]
    open_ends, actors = ["x"], []

    def fresh(initial: int = 0) -> str:
        depth = None if rng.random() < 0.3 else initial + rng.randint(1, deepest)
        channels.append(Channel(f"c{len(channels)}", depth, initial))
        return channels[-1].name

    for index in range(rng.randint(1, 6)):
        taken = [open_ends.pop(rng.randrange(len(open_ends))) for _ in range(min(len(open_ends), rng.randint(1, 2)))]
        given = [fresh() for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.2:  # state: a channel to itself
            loop = fresh(initial=rng.randint(1, 2) * beats)
            taken, given, kept = [*taken, loop], [*given, loop], given
        else:
            kept = given
        open_ends += kept
        actors.append(_actor(rng, f"a{index}", taken, given, beats))
    last = [*open_ends]
    final = fresh()
    credit = fresh(initial=rng.randint(1, 2) * beats)
    actors.append(_actor(rng, "join", [*last, credit], ["pre"], beats))
    actors.append(_actor(rng, "end", ["pre"], [final, credit], beats))
    channels.append(Channel("pre", rng.choice([None, deepest])))
    return actors, channels, Port("x", beats, rng.choice([1, 1, 3])), Port(final, beats)


@pytest.mark.parametrize(("burst", "sweeps"), [(1, 0), (16, 0), (16, 1000)])
@pytest.mark.parametrize("block", range(10))
def test_every_start_cycle_equals_the_clocked_simulator(
    block: int, burst: int, sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By events alone, and by sweeps as long as they help."""
    monkeypatch.setattr(maxplus, "_BURST", burst)
    monkeypatch.setattr(maxplus, "_SWEEPS", sweeps)
    outcomes = Counter[bool]()
    for seed in range(block * 60, block * 60 + 60):
        actors, channels, source, sink = random_graph(seed)
        network = connect(actors, channels, source, sink)
        expected = clocked(network, FRAMES)
        outcomes[expected is None] += 1
        if expected is None:
            with pytest.raises(DeadlockError, match="waits for"):
                run(network, FRAMES)
        else:
            assert [starts.tolist() for starts in run(network, FRAMES).starts] == expected, f"seed {seed}"
    assert outcomes[False] > 10 and outcomes[True] > 0  # both kinds were met


@pytest.mark.parametrize("block", range(5))
def test_computed_depths_keep_the_timing(block: int) -> None:
    sized = 0
    for seed in range(block * 30, block * 30 + 30):
        actors, channels, source, sink = random_graph(seed)
        try:
            depths = fifo_depths(actors, channels, source, sink, FRAMES)
        except DeadlockError:
            continue
        sized += 1
        free = run(connect(actors, channels, source, sink), 2 * FRAMES)
        bounded = run(connect(actors, with_depths(channels, depths), source, sink), 2 * FRAMES)
        assert bounded.ii == free.ii, f"seed {seed}"
        assert bounded.starts[-1][: sink.beats].tolist() == free.starts[-1][: sink.beats].tolist(), f"seed {seed}"
        fixed = {c.name: c.depth for c in channels if c.depth is not None}
        assert fixed.items() <= depths.items()
    assert sized > 5
