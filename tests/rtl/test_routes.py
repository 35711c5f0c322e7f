"""Kernels that route beats, look up rows or run over a frame several times, masks and caches, random schedules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.graph import Graph
from hwflow.verify.cosim.modes import MODES
from tests.support.attention import late_masks, random_attention
from tests.support.blocks import random_routes, spare_range
from tests.support.norms import random_frame_norm
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("make", [random_routes, random_frame_norm, random_attention])
@pytest.mark.parametrize("seed", [0, 2])
def test_measured_equals_predicted(make: Callable[[int], Graph], seed: int, tmp_path: Path) -> None:
    design = Scheduled.of(make(seed), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=8, modes=MODES if seed == 0 else MODES[:1]))


@pytest.mark.parametrize("seed", range(2))
def test_a_mask_behind_the_quantiser_blocks_its_keys_under_any_fold(seed: int, tmp_path: Path) -> None:
    """The greatest score of a row is found step by step, among terms that are wider than it can be."""
    design = Scheduled.of(late_masks(seed), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=8))


def test_movements_behind_a_quantiser_with_spare_range(tmp_path: Path) -> None:
    design = Scheduled.of(spare_range(0), np.random.default_rng(0))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=8))
