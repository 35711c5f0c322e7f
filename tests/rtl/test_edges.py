"""Limits beyond the range, numbers of one bit, constant results: exact in C++ and in every cycle of the RTL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.csim import assert_csim_equals_reference
from tests.support.edges import edges
from tests.support.rtl import Scheduled, assert_equals_prediction


@pytest.mark.parametrize("fold", [0, -1])
def test_rtl(fold: int, tmp_path: Path) -> None:
    design = Scheduled.of(edges(), fold)
    assert_equals_prediction(design, design.cosim(tmp_path, frames=10))


def test_csim(tmp_path: Path) -> None:
    assert_csim_equals_reference(Scheduled.of(edges(), 0), tmp_path / "hls")
