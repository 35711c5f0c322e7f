"""Attention over so many keys that they lie in block RAM: exact in every bit and cycle, estimated and timed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwflow.backends.rtl.project import MANIFEST, write_rtl
from hwflow.kernels.attention import Attention
from tests.rtl.test_calibration import FEW, estimate
from tests.support.blocks import Blocks
from tests.support.rtl import Scheduled, assert_equals_prediction

KEYS = 72  # two frames of 8 bytes each: no LUTs hold them for less


def many_keys(queries: int, fold: int) -> Scheduled:
    """The first ``queries`` tokens ask all; one key a step, or an element or more of it."""
    blocks = Blocks(KEYS, 8, seed=2)
    asking = blocks.slice(blocks.x, -2, 0, queries) if queries < KEYS else blocks.x
    k, v = (blocks.linear(blocks.x, 8) for _ in range(2))
    design = Scheduled.of(blocks.graph(blocks.attend(asking, k, v)), fold)
    assert design.schedule.folds[attention(design).name].pe == 1
    return design


def attention(design: Scheduled) -> Attention:
    (kernel,) = (kernel for kernel in design.network.kernels if isinstance(kernel, Attention))
    return kernel


@pytest.mark.parametrize(("queries", "fold"), [(KEYS, 0), (5, 2), (1, 0), (1, 3)])
def test_keys_in_block_ram_are_there_in_time(queries: int, fold: int, tmp_path: Path) -> None:
    design = many_keys(queries, fold)
    assert_equals_prediction(design, design.cosim(tmp_path, 4, ("nominal", "stalls", "reset")))
    assert ".AHEAD(1)" in (tmp_path / "rtl" / f"{attention(design).name}.sv").read_text()


def test_estimate_and_clock(tmp_path: Path) -> None:
    from hwflow.synthesis.yosys import Module, synth_modules
    from hwflow.timing import analyse

    design = many_keys(KEYS, 2)
    write_rtl(design.network, design.schedule, tmp_path)
    name = attention(design).name
    found = synth_modules(tmp_path, json.loads((tmp_path / MANIFEST).read_text())["sources"], [Module(name)])[name]
    guess = estimate(design, name).as_dict()
    assert guess["bram18"] >= 4
    for kind, value in found.resources.as_dict().items():
        assert guess[kind] == pytest.approx(value, rel=0.15, abs=getattr(FEW, kind)), kind
    assert analyse(found.netlist, 200.0, [200]).meets(200)
