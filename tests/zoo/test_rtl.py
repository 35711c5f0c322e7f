"""RTL of the zoo's larger models, and at their fastest: every stream, time and FIFO mark as predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwflow
from tests.support.zoo import export_untrained

from .checks import CLOCK_MHZ, assert_rtl_passes


@pytest.mark.parametrize(
    ("name", "latency_us"),
    [
        ("jet_tagger_n8", 0.23),
        *((f"jet_tagger_{name}", 2.0) for name in ("n16", "n32", "n16_linformer", "n32_linformer")),
        ("gw", 8.0),
    ],
)
def test_rtl(name: str, latency_us: float, tmp_path: Path) -> None:
    model = export_untrained(name, tmp_path / "model.onnx")
    design = hwflow.convert(model, output_dir=tmp_path / "d", clock_mhz=CLOCK_MHZ, latency_budget_us=latency_us)
    assert_rtl_passes(design)
