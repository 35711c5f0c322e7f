"""The integer reference equals onnxruntime on every tensor of btag, engine and gw, over 10,000 inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.zoo import export_untrained

from .checks import assert_every_tensor_equals


@pytest.mark.parametrize(("name", "tensors"), [("btag", 224), ("engine", 224), ("gw", 154)])
def test_every_tensor_equals_onnxruntime(name: str, tensors: int, tmp_path: Path) -> None:
    model = export_untrained(name, tmp_path / "model.onnx")
    assert_every_tensor_equals(model, inputs=10_000, tensors=tensors)
