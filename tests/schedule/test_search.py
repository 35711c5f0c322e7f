"""The search for folds: budgets hold, the area is near the optimum, refusals say what holds it back."""

from __future__ import annotations

import itertools
import random
import re
import time
from dataclasses import dataclass

import pytest

from hwflow.boards import Board, load_board
from hwflow.errors import GateFailed, UserError
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.descent import least_area
from hwflow.schedule.fifo import with_depths
from hwflow.schedule.kernel import Fold, SchedulableKernel
from hwflow.schedule.options import list_options
from hwflow.schedule.problem import Budget, Problem
from hwflow.schedule.resources import KINDS, Resources, total
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import ScheduleRefused, find_schedule
from hwflow.schedule.simulate import simulate

Pipeline = tuple[list[SchedulableKernel], list[Channel], Port, Port]


@dataclass(frozen=True)
class Linear:
    """A matrix of (outs, ins), one token a beat."""

    name: str
    source: str
    target: str
    outs: int
    ins: int
    luts: int = 60

    def folds(self) -> list[Fold]:
        return [Fold(p, s, (self.outs // p) * (self.ins // s)) for p in (1, 2, 4, 16) for s in (1, 4, 16)]

    def actors(self, fold: Fold) -> list[Actor]:
        return [Actor(self.name, (Phase({self.source: 1}, {self.target: 1}, fold.cycles),), 3 + fold.cycles)]

    def channels(self, fold: Fold) -> list[Channel]:
        return []

    def resources(self, fold: Fold) -> Resources:
        lanes = fold.pe * fold.simd
        return Resources(lut=100 + self.luts * lanes, ff=200 + 50 * lanes, dsp=lanes // 2)


@dataclass(frozen=True)
class Attention:
    """Loader and rows over two buffers; rows are folded."""

    name: str
    source: str
    target: str
    tokens: int

    def folds(self) -> list[Fold]:
        return [Fold(pe, 1, 16 // pe) for pe in (1, 2, 4, 8, 16)]

    def actors(self, fold: Fold) -> list[Actor]:
        k, q, full, free = (f"{self.name}.{port}" for port in ("k", "q", "full", "free"))
        rest = self.tokens - 2
        load = (Phase({k: 1, free: 1}, {}), Phase({k: 1}, {}, repeat=rest), Phase({k: 1}, {full: 1}))
        rows = (
            Phase({q: 1, full: 1}, {self.target: 1}, fold.cycles),
            Phase({q: 1}, {self.target: 1}, fold.cycles, repeat=rest),
            Phase({q: 1}, {self.target: 1, free: 1}, fold.cycles),
        )
        return [
            Actor(f"{self.name}.split", (Phase({self.source: 1}, {k: 1, q: 1}),), 1),
            Actor(f"{self.name}.load", load, 1),
            Actor(f"{self.name}.rows", rows, 6 + fold.cycles, {free: 1}),
        ]

    def channels(self, fold: Fold) -> list[Channel]:
        ports = [Channel(f"{self.name}.{port}", width=32) for port in ("k", "q")]
        return [*ports, Channel(f"{self.name}.full"), Channel(f"{self.name}.free", initial=2)]

    def resources(self, fold: Fold) -> Resources:
        return Resources(lut=300 + 90 * fold.pe, ff=300, dsp=4 * fold.pe, bram18=2)


def pipeline(kernels: int, tokens: int, seed: int = 0) -> Pipeline:
    """Linears of random size with an attention as every fourth kernel."""
    rng, made = random.Random(seed), list[SchedulableKernel]()
    for i in range(kernels):
        ends = (f"c{i}", f"c{i + 1}")
        sizes = rng.choice([16, 32, 64]), rng.choice([16, 32, 64])
        made.append(Attention(f"attn{i}", *ends, tokens) if i % 4 == 3 else Linear(f"dense{i}", *ends, *sizes))
    channels = [Channel(f"c{i}", width=64) for i in range(kernels + 1)]
    return made, channels, Port("c0", tokens), Port(f"c{kernels}", tokens)


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("zcu102")


def measure(problem: Pipeline, schedule: Schedule) -> tuple[int, int]:
    kernels, channels, source, sink = problem
    actors = [actor for kernel in kernels for actor in kernel.actors(schedule.folds[kernel.name])]
    inner = [channel for kernel in kernels for channel in kernel.channels(schedule.folds[kernel.name])]
    done = simulate(actors, with_depths([*channels, *inner], schedule.fifo_depths), source, sink)
    return done.latency, done.ii


@pytest.mark.parametrize(("latency", "ii"), [(None, None), (3000, None), (None, 1500), (2500, 800)])
def test_budgets_hold_and_the_figures_are_those_of_a_bounded_run(
    board: Board, latency: int | None, ii: int | None
) -> None:
    problem = pipeline(8, 12)
    schedule = find_schedule(*problem, board, 200.0, latency, ii)
    assert latency is None or schedule.latency <= latency
    assert ii is None or schedule.ii <= ii
    assert (schedule.latency, schedule.ii) == measure(problem, schedule)
    assert schedule.resources.fits(board)
    assert schedule.resources == total(schedule.kernel_resources.values()) + schedule.fifo_resources
    assert schedule.latency_us == schedule.latency / 200
    assert schedule.stage == "estimate"


def test_no_budget_gives_the_smallest_folds(board: Board) -> None:
    problem = pipeline(4, 12)
    schedule = find_schedule(*problem, board, 200.0)
    assert all(fold.pe * fold.simd == 1 for fold in schedule.folds.values())


def test_a_looser_budget_never_costs_area(board: Board) -> None:
    problem = pipeline(6, 12, seed=1)
    areas = [
        sum(find_schedule(*problem, board, 200.0, budget).resources.share_of(board).values())
        for budget in (1200, 2000, 4000, 10_000, 100_000)
    ]
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_the_area_is_close_to_the_best_of_all(board: Board, seed: int) -> None:
    kernels, channels, source, sink = pipeline(3 + seed % 2, 8, seed)
    options = list_options(kernels, channels, source, sink, board)
    weights = dict.fromkeys(KINDS, 1.0)
    free = Problem(options, channels, source, sink, Budget(None, None), _ignore)
    fastest = free.run(free.fastest()).latency
    problem = Problem(options, channels, source, sink, Budget(int(fastest * (1.2 + seed / 2)), None), _ignore)
    found = problem.area(least_area(problem, weights), weights)
    every = itertools.product(*(range(len(some)) for some in options))
    for choice in sorted(every, key=lambda choice: problem.area(choice, weights)):
        if problem.meets(choice):
            assert found <= 1.1 * problem.area(choice, weights)
            return


def test_the_search_is_deterministic(board: Board) -> None:
    first, second = (find_schedule(*pipeline(8, 12), board, 200.0, 3000) for _ in range(2))
    assert first == second


def test_large_problems_take_seconds(board: Board) -> None:
    began = time.process_time()
    find_schedule(*pipeline(40, 20), load_board("u250"), 200.0, 6000)
    assert time.process_time() - began < 6  # 3 on an idle machine


def test_progress_is_told(board: Board) -> None:
    told: list[str] = []
    find_schedule(*pipeline(4, 12), board, 200.0, 1500, progress=told.append)
    assert told[0].startswith("balanced start: area ")
    assert any(text.startswith("refined: area ") for text in told)


def test_a_latency_out_of_reach_is_refused_with_the_distance(board: Board) -> None:
    with pytest.raises(ScheduleRefused) as caught:
        find_schedule(*pipeline(4, 12), board, 200.0, latency_budget_cycles=20)
    text = str(caught.value)
    found = re.search(r"latency: found (\d+) cycles \(\d+\.\d{3} us\) with every kernel at its fastest fold", text)
    assert found, text
    assert "expected at most 20 cycles (0.100 us)" in text
    assert f"{int(found[1]) - 20} cycles" in text
    assert "Kernel dense2 holds it with 99 cycles" in text  # 11 intervals of 8, and its depth of 11
    assert isinstance(caught.value, GateFailed)
    assert caught.value.exit_code == 2


def test_an_interval_out_of_reach_names_the_bottleneck(board: Board) -> None:
    with pytest.raises(
        ScheduleRefused, match=r"initiation interval: found \d+ cycles .* Kernel dense1 holds it with 96"
    ):
        kernels: list[SchedulableKernel] = [Linear("dense0", "c0", "c1", 16, 16), Linear("dense1", "c1", "c2", 64, 32)]
        find_schedule(
            kernels, [Channel(f"c{i}") for i in range(3)], Port("c0", 12), Port("c2", 12), board, 200.0, None, 9
        )


def test_a_small_board_is_refused_with_the_overflow() -> None:
    kernels, channels, source, sink = pipeline(12, 12)
    with pytest.raises(ScheduleRefused) as caught:
        find_schedule(kernels, channels, source, sink, load_board("ultra96v2"), 150.0, latency_budget_cycles=700)
    text = str(caught.value)
    assert "Avnet Ultra96-V2 is too small (estimate): " in text
    assert re.search(r"dsp: found \d+, expected at most 288 usable, \d+ over, most of them in dense\d+ \(\d+\)", text)
    assert re.search(r"The fastest balanced schedule that fits has latency \d+ cycles \(", text)


def test_nothing_fits_at_all() -> None:
    kernels: list[SchedulableKernel] = [Linear("dense0", "c0", "c1", 16, 16, luts=90_000)]
    with pytest.raises(ScheduleRefused, match=r"lut: found 90\d+, .* in dense0 .*Not even the smallest folds fit"):
        find_schedule(
            kernels, [Channel("c0"), Channel("c1")], Port("c0", 4), Port("c1", 4), load_board("ultra96v2"), 150.0
        )


def test_json_round_trip(board: Board) -> None:
    schedule = find_schedule(*pipeline(4, 12), board, 200.0, 1500)
    text = schedule.to_json()
    assert Schedule.from_json(text) == schedule
    assert '"stage": "estimate"' in text


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [('"version": 1', '"version": 2', "version"), ('"ii"', '"iii"', "ii"), ('"estimate"', '"csim"', "stage")],
)
def test_a_foreign_json_is_refused(board: Board, old: str, new: str, key: str) -> None:
    text = find_schedule(*pipeline(1, 4), board, 200.0).to_json().replace(old, new)
    with pytest.raises(UserError, match=f"schedule, key {key}"):
        Schedule.from_json(text)


def _ignore(_: str) -> None:
    pass


@dataclass(frozen=True)
class Borrowed:
    """Six frames go through at once, before what comes back sets the pace: more than the search looks at."""

    name: str = "borrowed"

    def folds(self) -> list[Fold]:
        return [Fold(1, 1, 1)]

    def actors(self, fold: Fold) -> list[Actor]:
        return [Actor("there", (Phase({"x": 1, "free": 1}, {"h": 1}),), 1),
                Actor("back", (Phase({"h": 1}, {"y": 1, "free": 1}),), 1, {"free": 30})]  # fmt: skip

    def channels(self, fold: Fold) -> list[Channel]:
        return [Channel("h", 2), Channel("free", initial=6)]

    def resources(self, fold: Fold) -> Resources:
        return Resources(lut=1)


def test_a_budget_that_holds_for_the_first_frames_alone_is_refused(board: Board) -> None:
    channels = [Channel("x", width=8), Channel("y", width=8)]
    with pytest.raises(ScheduleRefused, match=r"initiation interval: found 2\d cycles .* at most 4 cycles"):
        find_schedule([Borrowed()], channels, Port("x", 1), Port("y", 1), board, 200.0, ii_budget=4)
