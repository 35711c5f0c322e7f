"""The trigger encoders within 2 us, as C++ and as RTL: no wrong bit behind any kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.zoo import export_untrained

from .checks import assert_csim_passes, assert_rtl_passes


@pytest.mark.parametrize("name", ["btag", "engine"])
def test_io_stream(name: str, tmp_path: Path) -> None:
    assert_rtl_passes(assert_csim_passes(export_untrained(name, tmp_path / "model.onnx"), tmp_path / "design"))
