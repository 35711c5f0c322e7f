"""What Yosys makes of a small instance of every kernel behaves as its RTL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwflow.backends.rtl.project import write_rtl
from hwflow.synthesis.equivalence import check_equivalence
from tests.support.blocks import Blocks
from tests.support.rtl import Scheduled

CYCLES = 5000


@pytest.fixture(scope="module", params=[0, -1], ids=["folded", "unfolded"])
def rtl(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    blocks = Blocks(3, 4, seed=5)
    mixed = blocks.token_mix(blocks.linear(blocks.x, 4), 2)
    context = blocks.attend(blocks.linear(blocks.x, 4), mixed, mixed, heads=2)
    y = blocks.residual(blocks.x, context)
    y = blocks.residual(y, blocks.linear(blocks.layer_norm(y), 4, relu=True))
    design = Scheduled.of(blocks.graph(blocks.linear(blocks.pool(y), 2)), request.param)
    folder = tmp_path_factory.mktemp("rtl")
    write_rtl(design.network, design.schedule, folder)
    return folder


@pytest.mark.parametrize("kind", ["linear", "token_mix", "attention", "row", "elementwise", "pool", "fork"])
def test_netlist_equals_rtl(rtl: Path, kind: str) -> None:
    manifest = json.loads((rtl / "rtl.json").read_text())
    name = next(each for each in manifest["kernels"] if kind in each)
    check_equivalence(rtl, manifest["sources"], name, cycles=CYCLES)
