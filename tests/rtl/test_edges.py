"""Any width, limits beyond the range, numbers of one bit, constant results: exact in C++ and in every cycle of RTL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.csim import assert_csim_equals_reference
from tests.support.edges import edges
from tests.support.ops import RandomOps
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("fold", [0, -1])
def test_edges(fold: int, tmp_path: Path) -> None:
    design = Scheduled.of(edges(), fold)
    assert_equals_prediction(design, design.cosim(tmp_path, frames=10))


def test_edges_in_csim(tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(edges(), 0), tmp_path / "hls")


@pytest.mark.parametrize("seed", range(2))
def test_every_op_at_any_width(seed: int, tmp_path: Path) -> None:
    design = Scheduled.of(RandomOps(seed).graph(), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=10))
