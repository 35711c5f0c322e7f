"""Co-simulation of designs with several inputs and outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hwflow.backends.rtl.project import write_rtl
from hwflow.verify.cosim import MODES, CosimOptions, KernelPorts, run_cosim
from hwflow.verify.verilator import lint
from tests.support.ports import recurrent
from tests.support.rtl import Scheduled, assert_equals_prediction

FRAMES = 12


@pytest.mark.parametrize("pick", [0, -1])
def test_every_port_in_every_mode_as_predicted(pick: int, tmp_path: Path) -> None:
    design = Scheduled.of(recurrent(), pick)
    result = design.cosim(tmp_path, FRAMES, MODES if pick else ("nominal",))
    assert_equals_prediction(design, result)
    assert {parity.channel for parity in result.runs[0].parity} == set(design.network.tensor_of)
    assert all(parity.wrong == 0 < parity.compared for run in result.runs for parity in run.parity)


def test_a_wrong_bit_of_a_state_is_found_and_named(tmp_path: Path) -> None:
    design = Scheduled.of(recurrent(), -1)
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    write_rtl(design.network, design.schedule, rtl, axi_lite=True)
    lint(rtl, [file.name for file in rtl.glob("*.sv")])
    streams = design.streams(FRAMES, 1)
    values = streams["new_mean"].values.copy()
    values[5, 2, 4] ^= 1
    golden = streams | {"new_mean": replace(streams["new_mean"], values=values)}
    kernels = [KernelPorts(k.name, k.sources, k.sinks) for k in design.network.kernels]
    options = CosimOptions(design.schedule.latency, design.schedule.ii, ("stalls",))
    result = run_cosim(rtl, tmp_path / "work", golden, kernels, options)
    assert result.wrong_bits == len(result.runs) == 3
    assert "channel new_mean, frame 5, beat 2, element 4" in result.failures[0]
    assert result.wave is not None and result.wave.is_file()
