"""A hundred random transformers under random schedules: the RTL equals the reference and the prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.blocks import random_transformer
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("seed", range(100))
def test_measured_equals_predicted(seed: int, tmp_path: Path) -> None:
    design = Scheduled.of(random_transformer(seed), np.random.default_rng(seed))
    assert_equals_prediction(design, design.cosim(tmp_path, frames=10))
