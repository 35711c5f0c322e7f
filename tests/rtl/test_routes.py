"""Kernels that route beats, and factors that are held for a frame, under random schedules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.verify.cosim.modes import MODES
from tests.support.blocks import random_routes
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("seed", range(6))
def test_measured_equals_predicted(seed: int, tmp_path: Path) -> None:
    design = Scheduled.of(random_routes(seed), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=8, modes=MODES if seed < 2 else MODES[:1]))
