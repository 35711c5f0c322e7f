"""The fuzzer finds what is wrong, keeps it, and shrinks it; it survives what it finds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from hwflow.cli.app import app
from hwflow.errors import UserError
from hwflow.fuzz import run, software, worker
from hwflow.fuzz.case import Case, draw_case, load_case, save_case
from hwflow.fuzz.faults import Fault, Refused, judge
from hwflow.fuzz.reduce import fault_of, reduce_case
from hwflow.fuzz.run import fuzz
from hwflow.ir.ops import ReduceSum
from tests.support.qonnx import ModelBuilder


def long_case() -> Case:
    """Six nodes of which one is a sum."""
    b = ModelBuilder(13)
    x = b.quant(b.input(1, 3, 4), 8, 4)
    y = b.quant(b.node("Relu", b.quant(b.node("Mul", x, b.const(0.5)), 7, 4)), 6, 3)
    z = b.quant(b.node("ReduceSum", y, b.ints(-1)), 8, 2)
    inputs = {"x": np.random.default_rng(0).integers(-99, 99, (8, 1, 3, 4)).astype(np.float32) / 16}
    return Case("long", "exact", b.proto(b.quant(b.node("Tanh", z), 6, 5)).SerializeToString(), inputs)


@pytest.fixture
def wrong_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference adds one to every sum."""
    right = ReduceSum.evaluate
    monkeypatch.setattr(ReduceSum, "evaluate", lambda *given: right(*given) + 1)


def test_a_right_model_has_no_fault() -> None:
    assert fault_of(long_case(), "reference") is None


def test_a_wrong_sum_is_found_and_reduced(wrong_sum: None) -> None:
    fault = fault_of(long_case(), "reference")
    assert fault is not None and fault.rung in ("oracle", "reference")
    small = reduce_case(long_case(), fault)
    graph = onnx.load_from_string(small.model).graph
    assert "ReduceSum" in [node.op_type for node in graph.node] and len(graph.node) <= 3
    assert all(len(array) == 1 for array in small.inputs.values())
    assert fault.same_as(fault_of(small, "reference"))


def test_an_unknown_exception_is_a_fault_and_a_refusal_is_none() -> None:
    fault = judge("import", KeyError("t3"))
    assert isinstance(fault, Fault) and fault.kind.startswith("KeyError")
    assert isinstance(judge("import", UserError("x", "4 axes", "3", "Reshape it.")), Refused)
    blamed = UserError("model", "refused by onnxruntime (Clip)", "a valid model", "Export it again.")
    assert isinstance(judge("import", blamed), Fault)


def test_a_case_is_kept_and_read_again(tmp_path: Path) -> None:
    case = draw_case(3)
    kept = load_case(save_case(case, tmp_path / "kept", rung="import"))
    assert (kept.model, kept.mode, kept.seed) == (case.model, case.mode, 3)
    assert all(np.array_equal(array, kept.inputs[name]) for name, array in case.inputs.items())
    assert load_case(tmp_path / "kept" / "model.onnx").inputs.keys() == case.inputs.keys()


def _kills_itself(case: Callable[[], Case]) -> Case:
    drawn = case()
    if drawn.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return drawn


def _deadly(*given: object) -> None:
    """A child whose third graph kills it."""
    worker.draw = lambda source, seed: _kills_itself(lambda: draw_case(seed))  # type: ignore[assignment]
    worker.work(*given)  # type: ignore[arg-type]


def test_a_child_that_dies_is_a_fault_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "work", _deadly)
    summary = fuzz(range(4), "import", output=tmp_path)
    assert summary.done == 4
    [(found, names)] = summary.faults.items()
    assert names == ["seed 2"] and "-9" in found[1]
    assert json.loads((tmp_path / "import-2" / "fuzz.json").read_text())["kind"] == found[1]


def test_endless_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr(worker, "CPU_LIMIT_S", 0.5)
    monkeypatch.setattr(software, "compare_with_oracle", endless)
    fault = fault_of(long_case(), "reference")
    assert fault is not None and "of computing" in fault.message


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        app, ["fuzz", "--count", "3", "--rungs", "import", "--json", "--output", str(tmp_path / "found")]
    )
    assert told.exit_code in (0, 2)
    assert json.loads(told.stdout)["graphs"] == 3


def _group(leader: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        found += [int(entry.parent.name)] if int(group) == leader and state != "Z" else []
    return found


def test_an_interruption_ends_every_child(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hwflow", "fuzz", "--count", "9999", "--rungs", "import", "-o", str(tmp_path)]
    with subprocess.Popen([*command, "--jobs", "1"], start_new_session=True, stderr=subprocess.DEVNULL) as process:
        try:
            while len(_group(process.pid)) < 3 and process.poll() is None:  # itself, the server, a child
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait() == 130
            while len(_group(process.pid)) > 0:  # the server ends when nobody is left to serve
                time.sleep(0.1)
        finally:
            for left in _group(process.pid):
                os.kill(left, signal.SIGKILL)
