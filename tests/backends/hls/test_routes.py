"""C simulation of kernels that route beats, bit for bit behind each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.backends.hls.project import IoType
from tests.support.blocks import random_routes
from tests.support.csim import assert_csim_equals_reference
from tests.support.rtl import Scheduled


@pytest.mark.parametrize(("seed", "io_type"), [(4, "io_stream"), (5, "io_stream"), (5, "io_parallel")])
def test_csim_equals_reference(seed: int, io_type: IoType, tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(random_routes(seed), 0), tmp_path / "hls", io_type)
