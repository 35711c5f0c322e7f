"""``build`` and ``csim`` hand their options on and turn a record into an exit code; the flow is a stand-in here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hwflow
from hwflow.cli import main
from hwflow.errors import GateFailed
from hwflow.record import BuildRecord, Result, load, with_stage

SAMPLE = Path(__file__).parents[1] / "record" / "sample.json"
WRONG = Result(stage="csim", metric="wrong output values", value=2, unit="values", limit=0)


class FakeDesign:
    """What the commands use of a design."""

    def __init__(self, record: BuildRecord) -> None:
        self.record, self.counts = record, list[int]()

    def load(self, folder: Path) -> FakeDesign:
        assert folder == Path("d")
        return self

    def csim(self, count: int) -> None:
        self.counts.append(count)
        print("chatter of a library")


@pytest.fixture
def built() -> BuildRecord:
    """A record as a build leaves it: estimates only."""
    return with_stage(load(SAMPLE), "csim", [])


def install(monkeypatch: pytest.MonkeyPatch, design: FakeDesign) -> list[dict[str, Any]]:
    """Put a stand-in in the place of the flow; returns the calls of ``convert``."""
    calls: list[dict[str, Any]] = []

    def convert(model: Path, *, progress: Any, **options: Any) -> FakeDesign:
        progress("import")
        progress("schedule")
        calls.append({"model": model, **options})
        return design

    module = ModuleType("hwflow.design")
    module.Design = design  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hwflow.design", module)
    monkeypatch.setattr(hwflow, "convert", convert, raising=False)
    return calls


def test_build_hands_its_options_on(
    built: BuildRecord, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = install(monkeypatch, FakeDesign(built))
    options = "--board zcu102 --clock 250 --latency-budget 1.5 --ii-budget 64 --io-type io_parallel --axi-lite"
    options += " --max-disagreement 0.02 --max-mean-error 0.25"
    assert main(["build", "m.onnx", "-o", "d", *options.split(), "--near-exact", "--json"]) == 0
    assert calls == [
        {
            "model": Path("m.onnx"),
            "output_dir": Path("d"),
            "board": "zcu102",
            "clock_mhz": 250.0,
            "latency_budget_us": 1.5,
            "ii_budget": 64,
            "io_type": "io_parallel",
            "style": "streaming",
            "axi_lite": True,
            "mode": "near-exact",
            "vectors": None,
            "schedule": None,
            "oracle_vectors": None,
            "max_disagreement": 0.02,
            "max_mean_error": 0.25,
        }
    ]
    out, err = capfd.readouterr()
    assert json.loads(out)["record"] == built.model_dump(mode="json")
    assert "import (" in err
    assert "schedule (" in err


def test_a_build_with_a_failed_gate_exits_with_2(
    built: BuildRecord, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    big = Result(stage="estimate", metric="DSP", value=3000, limit=2016)
    install(monkeypatch, FakeDesign(built.model_copy(update={"results": (big,)})))
    assert main(["build", "m.onnx", "-o", "d"]) == 2
    assert "hwflow: 1 of 3 gates failed: estimate: DSP 3,000, limit 2,016\n" in capfd.readouterr().err


def test_a_refused_schedule_exits_with_2(
    built: BuildRecord, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, FakeDesign(built))

    def refuse(*_: object, **__: object) -> None:
        raise GateFailed("latency: found 300 cycles; expected at most 200")

    monkeypatch.setattr(hwflow, "convert", refuse)
    assert main(["build", "m.onnx", "-o", "d", "--json"]) == 2
    document = json.loads(capfd.readouterr().out)
    assert document["error"] == {"kind": "GateFailed", "message": "latency: found 300 cycles; expected at most 200"}


@pytest.mark.parametrize(("wrong", "code"), [(False, 0), (True, 2)])
def test_csim_exits_by_its_gate(
    wrong: bool, code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    record = load(SAMPLE)
    design = FakeDesign(with_stage(record, "csim", [WRONG]) if wrong else record)
    install(monkeypatch, design)
    assert main(["csim", "d", "--vectors", "50", "--json"]) == code
    out, err = capfd.readouterr()
    document = json.loads(out)
    assert design.counts == [50]
    assert document["record"] == design.record.model_dump(mode="json")
    assert document.get("exit_code", 0) == code
    assert "chatter of a library" in err


def test_csim_that_measured_nothing_fails(
    built: BuildRecord, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, FakeDesign(built))
    assert main(["csim", "d"]) == 2
    assert "the design itself was not run" in capfd.readouterr().err
