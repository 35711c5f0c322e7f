"""C simulation of kernels that route beats or run over a frame several times, bit for bit behind each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.backends.hls.project import IoType
from tests.support.attention import late_masks
from tests.support.blocks import random_routes, spare_range
from tests.support.csim import assert_csim_equals_reference
from tests.support.norms import every_route
from tests.support.rtl import Scheduled


@pytest.mark.parametrize("io_type", ["io_stream", "io_parallel"])
def test_all_of_them(io_type: IoType, tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(every_route(), 0), tmp_path / "hls", io_type)


def test_other_types_and_constants_are_joined(tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(random_routes(4), 0), tmp_path / "hls")


def test_a_mask_that_makes_terms_wider_than_their_maximum(tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(late_masks(0), 0), tmp_path / "hls")


def test_movements_behind_a_quantiser_with_spare_range(tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(spare_range(0), 0), tmp_path / "hls")
