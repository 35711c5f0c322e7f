"""Jet taggers as C++ and as RTL: no wrong bit behind any kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.models import Precision
from tests.support.zoo import export_untrained

from .checks import assert_csim_passes, assert_rtl_passes

NARROW = Precision(weight=4, activation=5, table=6)  # what fits a VCU118 unrolled


@pytest.mark.parametrize("name", ["jet_tagger_n8", "jet_tagger_n8_linformer"])
def test_io_stream(name: str, tmp_path: Path) -> None:
    assert_rtl_passes(assert_csim_passes(export_untrained(name, tmp_path / "model.onnx"), tmp_path / "design"))


def test_io_parallel(tmp_path: Path) -> None:
    """At these widths one requantiser drops every bit of its input, which ap_fixed must not be asked to round."""
    model = export_untrained("jet_tagger_n8", tmp_path / "model.onnx", precision=NARROW)
    design = assert_csim_passes(model, tmp_path / "design", io_type="io_parallel")
    assert design.schedule.ii == 1
