"""A schedule written by hand is taken as it is, or refused for what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwflow
from hwflow.design import Design
from hwflow.errors import UserError
from hwflow.schedule.kernel import Fold
from hwflow.schedule.run import DeadlockError
from hwflow.schedule.schedule import Schedule


@pytest.fixture(scope="module")
def schedule(built: Path) -> Schedule:
    return Design.load(built).schedule


def test_the_schedule_of_a_build_gives_the_same_design(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    (tmp_path / "schedule.json").write_text(schedule.to_json())
    again = hwflow.convert(model, output_dir=tmp_path / "d", schedule=tmp_path / "schedule.json", clock_mhz=200)
    assert again.schedule == schedule


def test_other_folds_are_simulated_and_costed(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    name = next(name for name, fold in schedule.folds.items() if fold.cycles > 1)
    slower = schedule.model_copy(update={"folds": {**schedule.folds, name: Fold(1, 1, 1)}, "fifo_depths": {}})
    found = hwflow.convert(model, output_dir=tmp_path / "d", schedule=slower, clock_mhz=200).schedule
    assert found.folds[name] == Fold(1, 1, found.folds[name].cycles) and found.folds[name].cycles > 1
    assert found.latency > schedule.latency


def test_a_fold_that_does_not_divide(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    odd = schedule.model_copy(update={"folds": {**schedule.folds, "k0_linear": Fold(7, 5, 1)}})
    with pytest.raises(UserError, match=r"kernel k0_linear: found PE 7, SIMD 5; expected PE one of \[1, 2"):
        hwflow.convert(model, output_dir=tmp_path / "d", schedule=odd, clock_mhz=200)
    assert not (tmp_path / "d").exists()


def test_a_kernel_of_another_name(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    other = schedule.model_copy(update={"folds": {**schedule.folds, "k0_liner": Fold(1, 1, 1)}})
    with pytest.raises(UserError, match=r"schedule, kernel k0_liner: found no such kernel; expected one of \['k0_l"):
        hwflow.convert(model, output_dir=tmp_path / "d", schedule=other, clock_mhz=200)


def test_a_file_that_was_cut_short_is_named(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    (tmp_path / "short.json").write_text(schedule.to_json()[:300])
    with pytest.raises(UserError, match=r"schedule .*short\.json: found .*; expected Invalid JSON: EOF"):
        hwflow.convert(model, output_dir=tmp_path / "d", schedule=tmp_path / "short.json", clock_mhz=200)


def test_a_fifo_too_shallow_is_a_deadlock_with_its_fill(model: Path, schedule: Schedule, tmp_path: Path) -> None:
    shallow = schedule.model_copy(update={"fifo_depths": dict.fromkeys(schedule.fifo_depths, 1)})
    with pytest.raises(DeadlockError, match=r"deadlock: .* waits for .* FIFOs: .* 1/1.* Make those deeper"):
        hwflow.convert(model, output_dir=tmp_path / "d", schedule=shallow, clock_mhz=200)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"folds": {}}, "kernel k0_linear: found no fold"),
        ({"fifo_depths": {"nowhere": 2}}, "FIFO nowhere: found no such FIFO; expected one of"),
        ({"fifo_depths": {"input": 0}}, "FIFO input: found depth 0"),
    ],
)
def test_what_else_is_refused(
    model: Path, schedule: Schedule, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        hwflow.convert(model, output_dir=tmp_path / "d", schedule=schedule.model_copy(update=change), clock_mhz=200)
