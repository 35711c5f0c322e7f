"""Tokens split into narrower ones and joined again: covered, simulated in C and in RTL, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.hls.project import IoType
from hwflow.ir.graph import Graph
from hwflow.verify.cosim.modes import MODES
from tests.kernels.covered import covered, kinds
from tests.support.blocks import Blocks
from tests.support.csim import assert_csim_equals_reference
from tests.support.rtl import Scheduled, assert_equals_prediction


def folded(parts: int, seed: int = 0) -> Graph:
    """A folded layer between plain ones: split, attention of narrow tokens, join, residual of wide ones."""
    blocks = Blocks(3, 8, seed)
    x = blocks.linear(blocks.x, 8)
    y = blocks.resize(x, 8 // parts)
    y = blocks.residual(y, blocks.attention(y, 1, width=8 // parts))
    y = blocks.residual(blocks.resize(blocks.layer_norm(y), 8), x)
    return blocks.graph(blocks.linear(y, 3))


@pytest.mark.parametrize("parts", [2, 4])
def test_folded_tokens_are_split_and_joined(parts: int) -> None:
    found = kinds(covered(folded(parts)))
    assert (found["split"], found["join"]) == (1, 1)


def test_a_product_gathers_its_tokens_without_help() -> None:
    blocks = Blocks(4, 6)
    assert kinds(covered(blocks.graph(blocks.linear(blocks.resize(blocks.x, 12), 3)))) == {"linear": 1}
    blocks = Blocks(4, 6)
    assert kinds(covered(blocks.graph(blocks.table(blocks.resize(blocks.x, 12))))) == {"join": 1, "elementwise": 1}


@pytest.mark.parametrize("parts", [4, 8])
def test_measured_equals_predicted(parts: int, tmp_path: Path) -> None:
    design = Scheduled.of(folded(parts), np.random.default_rng(parts))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=6, modes=MODES if parts == 4 else MODES[:1]))


@pytest.mark.parametrize("io_type", ["io_stream", "io_parallel"])
def test_csim_equals_reference(io_type: IoType, tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(folded(4), 0), tmp_path / "hls", io_type)
