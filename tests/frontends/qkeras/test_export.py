"""Every kind of layer: the exported file equals ``predict`` (real functions rounded), live and saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.verify.expected import find_expected

from .executor import run
from .models import MODELS, build, inputs
from .rounded import predict


@pytest.mark.parametrize("name", MODELS)
def test_export_equals_predict(name: str, tmp_path: Path) -> None:
    model, x = build(name), inputs(name)
    expected = predict(model, x)
    assert len(np.unique(expected)) > 1
    live = export_qonnx(model, tmp_path / "live.onnx")
    onnx.checker.check_model(onnx.load(live))
    np.testing.assert_array_equal(run(live, x), expected)
    for file in ("saved.keras", "saved.h5"):
        model.save(tmp_path / file)
        saved = export_qonnx(tmp_path / file, tmp_path / f"{file}.onnx")
        assert saved.read_bytes() == live.read_bytes(), file
        assert find_expected(saved) is None  # no forward without TensorFlow
    stored = find_expected(live)
    assert stored is not None and stored.framework == "keras"
    (given,), (wanted,) = stored.inputs.values(), stored.outputs.values()
    np.testing.assert_array_equal(run(live, given[:, 0]), wanted[:, 0])
