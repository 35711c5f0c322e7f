"""C simulation of kernels that route beats or run over a frame several times, bit for bit behind each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hwflow.backends.hls.project import IoType
from hwflow.ir.graph import Graph
from tests.support.attention import random_attention
from tests.support.blocks import random_routes
from tests.support.csim import assert_csim_equals_reference
from tests.support.norms import random_frame_norm
from tests.support.rtl import Scheduled


@pytest.mark.parametrize(
    ("make", "seed", "io_type"),
    [
        (random_routes, 4, "io_stream"),
        (random_routes, 5, "io_parallel"),
        (random_attention, 1, "io_stream"),
        (random_frame_norm, 0, "io_stream"),
        (random_frame_norm, 1, "io_parallel"),
    ],
)
def test_csim_equals_reference(make: Callable[[int], Graph], seed: int, io_type: IoType, tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(make(seed), 0), tmp_path / "hls", io_type)
