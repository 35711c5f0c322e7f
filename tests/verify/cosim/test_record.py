"""What the cosim step of a design writes into its record; the simulation itself is replaced by a perfect one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hwflow
from hwflow import record as r
from hwflow.design import Design, cosimulate
from hwflow.verify.cosim import CosimResult, FifoUse, KernelPorts, Mode, ModeResult, Stalls, Stream, StreamParity
from tests.support.encoder import Encoder

FRAMES = 10


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with a latency budget."""
    folder = tmp_path_factory.mktemp("built")
    encoder = Encoder()
    model = encoder.m.save(folder, encoder.model(heads=2))
    hwflow.convert(model, output_dir=folder / "design", clock_mhz=200, latency_budget_us=1)
    return folder / "design"


@pytest.fixture
def design(built: Path, tmp_path: Path) -> Design:
    return Design.load(shutil.copytree(built, tmp_path / "design"))


def perfect(design: Design) -> ModeResult:
    """A run that is as predicted."""
    found = cosimulate.simulate_schedule(design.network, design.schedule, FRAMES)
    beats = design.network.sink.beats
    handed = np.repeat(np.array(found.frame_ends)[:, None], beats, axis=1)
    handed[:, 0] -= found.latency - found.first_output if beats > 1 else 0
    return ModeResult(
        mode=Mode("nominal", 1),
        cycles=1000,
        inputs={"input": np.array(found.frame_starts)[:, None]},
        outputs={"output": handed},
        resets=0,
        wrong_bits=0,
        fifos={name: FifoUse(mark, 0, 1, 0, 0, 0) for name, mark in found.high_water.items()},
        kernels={kernel.name: Stalls(3, 4) for kernel in design.network.kernels},
        parity=(StreamParity("output", 50, 0),),
        wrong=None,
        deadlock=False,
        failures=(),
    )


@pytest.fixture
def run(design: Design, monkeypatch: pytest.MonkeyPatch) -> Callable[[ModeResult], dict[str, r.Result]]:
    """Runs the step with a given outcome; gives its results by metric."""

    def call(outcome: ModeResult) -> dict[str, r.Result]:
        def fake(rtl: Path, work: Path, golden: Mapping[str, Stream], kernels: list[KernelPorts], *_: object) -> object:
            work.mkdir()
            assert {golden[port].frames for port in ("input", "output")} == {FRAMES}
            assert golden.keys() == design.network.tensor_of.keys()
            assert {k.sinks[0] for k in kernels} >= {"output"}
            return CosimResult(FRAMES, (outcome,))

        monkeypatch.setattr(cosimulate, "run_cosim", fake)
        cosimulate.cosimulate(design, FRAMES)
        stored = r.load(design.path / r.FILE)
        return {result.metric: result for result in stored.results if result.stage == "cosim"}

    return call


Run = Callable[[ModeResult], dict[str, r.Result]]


def test_as_predicted(design: Design, run: Run) -> None:
    results = run(perfect(design))
    assert results["latency"].value == design.schedule.latency
    assert results["latency"].limit == 200
    assert results["initiation interval"].value == design.schedule.ii
    assert results["FIFOs with another mark than predicted"].ok
    design.check()
    assert [p.compared for p in design.record.parity if p.stage == "cosim"] == [50]
    written = json.loads((design.path / "cosim" / "cosim.json").read_text())
    assert written["runs"][0]["latency"] == design.schedule.latency
    assert {"starved": 3, "blocked": 4} in written["runs"][0]["kernels"].values()


def test_a_cycle_more_than_predicted_fails(design: Design, run: Run) -> None:
    outcome = perfect(design)
    results = run(replace(outcome, outputs={"output": outcome.handed + 1}))
    assert [m for m, result in results.items() if result.ok is False] == [
        "latency, distance from the prediction",
        "first output, distance from the prediction",
    ]


def test_a_missed_budget_fails(design: Design, run: Run) -> None:
    outcome = perfect(design)
    assert run(replace(outcome, outputs={"output": outcome.handed + 500}))["latency"].ok is False


def test_a_fifo_that_fills_otherwise_is_named(design: Design, run: Run) -> None:
    outcome = perfect(design)
    fifos = {**outcome.fifos, "input": replace(outcome.fifos["input"], high_water=77)}
    results = run(replace(outcome, fifos=fifos))
    assert results["FIFOs with another mark than predicted"].value == 1
    assert results["places used of FIFO input"].value == 77
    assert results["places used of FIFO input, distance from the prediction"].ok is False


def test_a_deadlock_and_wrong_bits_fail(design: Design, run: Run) -> None:
    nothing = np.zeros((0, 1), np.int64)
    results = run(
        replace(
            perfect(design),
            outputs={"output": nothing},
            deadlock=True,
            wrong_bits=3,
            failures=("deadlock", "wrong bits"),
        )
    )
    assert results["mismatching bits"].ok is False
    assert results["failures"].value == 2
    assert "latency" not in results
    with pytest.raises(hwflow.errors.GateFailed):
        design.check()
