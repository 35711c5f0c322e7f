"""A fully unrolled design goes through the same commands: a frame every cycle, every bit and cycle as predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwflow
from hwflow.design import Design
from hwflow.errors import GateFailed, UserError
from hwflow.models import Precision
from tests.support.zoo import export_untrained


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    return export_untrained("jet_tagger_n8", path, particles=2, precision=Precision(weight=2, activation=3, table=4))


@pytest.fixture(scope="module")
def design(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Design:
    return hwflow.convert(model, output_dir=tmp_path_factory.mktemp("built") / "d", style="unrolled", clock_mhz=200)


def test_a_frame_every_cycle_as_predicted(design: Design) -> None:
    assert design.cosim(20).failures == ()
    found = {result.metric: result.value for result in design.record.results if result.stage == "cosim"}
    assert found["initiation interval"] == 1
    assert found["latency"] == design.schedule.latency
    design.check()
    assert Design.load(design.path).record.style == "unrolled"


def test_it_has_no_hls_project(design: Design) -> None:
    assert not (design.path / "hls").exists()
    with pytest.raises(UserError, match="no HLS project"):
        design.csim(10)


def test_a_budget_that_it_misses(model: Path, tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match=r"unrolled design takes \d+ cycles \(estimate\), over the budget of 2"):
        hwflow.convert(model, output_dir=tmp_path / "d", style="unrolled", clock_mhz=200, latency_budget_us=0.01)
    assert not (tmp_path / "d" / "rtl").exists()
