"""Kernels that route beats, look up rows or run over a frame several times, masks and caches, random schedules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.graph import Graph
from hwflow.verify.cosim.modes import MODES
from tests.support.attention import random_attention
from tests.support.blocks import random_routes
from tests.support.norms import random_frame_norm
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("make", [random_routes, random_frame_norm, random_attention])
@pytest.mark.parametrize("seed", [0, 2])
def test_measured_equals_predicted(make: Callable[[int], Graph], seed: int, tmp_path: Path) -> None:
    design = Scheduled.of(make(seed), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=8, modes=MODES if seed == 0 else MODES[:1]))
