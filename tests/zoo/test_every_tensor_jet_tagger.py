"""The integer reference equals onnxruntime on every tensor of the jet taggers, over 10,000 inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.models import ZOO
from tests.support.zoo import export_untrained

from .checks import assert_every_tensor_equals


@pytest.mark.parametrize("name", [name for name in ZOO if name.startswith("jet_tagger")])
def test_every_tensor_equals_onnxruntime(name: str, tmp_path: Path) -> None:
    model = export_untrained(name, tmp_path / "model.onnx")
    assert_every_tensor_equals(model, inputs=10_000, tensors=76 if "linformer" in name else 72)
