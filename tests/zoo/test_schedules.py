"""Schedules of the zoo within 2 us at 200 MHz on VCU118 (stage: estimate), and honest refusals of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.boards import load_board
from hwflow.errors import GateFailed
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.models import ZOO, EncoderConfig, JetTaggerConfig
from hwflow.onnx_import.model import import_model
from hwflow.schedule.parallel import parallel_schedule
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import ScheduleRefused, find_schedule
from tests.support.zoo import export_untrained

from .checks import BUDGET_US, CLOCK_MHZ

CYCLES = int(BUDGET_US * CLOCK_MHZ)
BOARD = load_board("vcu118")
TRIGGERS = [name for name, config in ZOO.items() if isinstance(config, JetTaggerConfig | EncoderConfig)]


def network(name: str, folder: Path) -> KernelGraph:
    return kernel_graph(import_model(export_untrained(name, folder / "model.onnx")).graph, CLOCK_MHZ)


def schedule(design: KernelGraph, cycles: int) -> Schedule:
    found = find_schedule(design.kernels, design.channels, design.source, design.sink, BOARD, CLOCK_MHZ, cycles)
    assert found.latency <= cycles
    assert found.resources.fits(BOARD)
    return found


@pytest.mark.parametrize("name", [name for name in TRIGGERS if name != "gw"])
def test_a_schedule_within_two_microseconds_exists(name: str, tmp_path: Path) -> None:
    design = network(name, tmp_path)
    found = schedule(design, CYCLES)
    assert set(found.folds) == {kernel.name for kernel in design.kernels}
    assert found.ii <= found.latency


def test_gw_is_refused_at_two_microseconds_and_fits_at_four(tmp_path: Path) -> None:
    design = network("gw", tmp_path)
    with pytest.raises(
        ScheduleRefused, match=r"dsp: found \d+, expected at most 5472 usable.*fastest balanced schedule"
    ):
        schedule(design, CYCLES)
    schedule(design, 2 * CYCLES)


def test_a_budget_below_the_fastest_folds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScheduleRefused, match=r"latency: found \d+ cycles .* with every kernel at its fastest fold"):
        schedule(network("btag", tmp_path), 60)


def test_an_unrolled_jet_tagger_of_default_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match=r"io_parallel needs \d+ dsp \(estimate\), over the 5472 usable"):
        parallel_schedule(network("jet_tagger_n16", tmp_path).kernels, BOARD, CLOCK_MHZ, None)
