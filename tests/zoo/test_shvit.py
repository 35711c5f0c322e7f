"""A single-head vision transformer: every tensor equals onnxruntime, and so does the C++ behind every kernel."""

from __future__ import annotations

from pathlib import Path

from tests.support.zoo import export_untrained

from .checks import assert_csim_passes


def test_nano_within_a_millisecond(tmp_path: Path) -> None:
    model = export_untrained("shvit_nano", tmp_path / "model.onnx")
    design = assert_csim_passes(model, tmp_path / "design", vectors=3, board="kv260", latency_budget_us=1000.0)
    kinds = {kernel.kind for kernel in design.network.kernels}
    assert kinds >= {"window", "linear", "pool", "frame_norm", "attention", "slice", "concat", "elementwise"}
