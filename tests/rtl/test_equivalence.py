"""What Yosys makes of a small instance of every kernel behaves as its RTL."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.project import write_rtl
from hwflow.synthesis.equivalence import check_equivalence
from tests.support.blocks import Blocks
from tests.support.rtl import Scheduled

CYCLES = 5000


FOLDING = ("linear", "token_mix", "attention", "row", "elementwise", "pool", "frame_norm")
ROUTING = ("fork", "slice", "concat", "lookup")
CASES = [*(pytest.param(0, kind, id=f"folded-{kind}") for kind in (*FOLDING, *ROUTING)),
         *(pytest.param(-1, kind, id=f"unfolded-{kind}") for kind in FOLDING)]  # fmt: skip


@pytest.fixture(scope="module")
def rtl(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    blocks = Blocks(3, 4, seed=5)
    mixed = blocks.token_mix(blocks.linear(blocks.x, 4), 2)
    context = blocks.attend(blocks.linear(blocks.x, 4), mixed, mixed, heads=2)
    y = blocks.residual(blocks.x, context)
    y = blocks.residual(y, blocks.linear(blocks.layer_norm(y), 4, relu=True))
    parts = blocks.slice(y, -1, 0, 1), blocks.slice(y, -1, 1, 4)
    zeros = blocks.builder.constant(np.zeros((1, 4), np.int64), 4)
    parts = parts[0], blocks.lookup(blocks.linear(parts[1], 1), 5, 3)
    y = blocks.frame_norm(blocks.slice(blocks.concat(-2, zeros, blocks.concat(-1, *parts)), -2, 1, 3))
    design = Scheduled.of(blocks.graph(blocks.linear(blocks.pool(y), 2)), request.param)
    folder = tmp_path_factory.mktemp("rtl")
    write_rtl(design.network, design.schedule, folder)
    return folder


@pytest.mark.parametrize(("rtl", "kind"), CASES, indirect=["rtl"])
def test_netlist_equals_rtl(rtl: Path, kind: str) -> None:
    manifest = json.loads((rtl / "rtl.json").read_text())
    name = [each for each in manifest["kernels"] if kind in each][-1]
    check_equivalence(rtl, manifest["sources"], name, cycles=CYCLES)
