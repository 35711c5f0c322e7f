"""A stranger's encoder with float scales, softmax, LayerNorm and GELU, all the way to a simulated design."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch

import hwflow
from hwflow.onnx_import.model import import_model
from tests.strangers import models
from tests.strangers.test_brevitas import exported


def test_a_near_exact_design_is_verified_and_its_distance_is_said(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = exported(tmp_path, models.EncoderLayer(models.FLOAT, True, True), (1, 6, 16), "qcdq", 17)
    inputs = np.random.default_rng(3).normal(size=(200, 6, 16)).astype(np.float32)
    design = hwflow.convert(path, output_dir=tmp_path / "d", board="zcu102", mode="near-exact", vectors=inputs)
    design.csim(50)
    design.check()
    by_metric = {r.metric: r for r in design.record.results}
    assert by_metric["outputs that differ from the original"].value < 3e-3
    assert design.record.model.mode == "near-exact"
    assert any("softmax" in rewrite.lower() for rewrite in design.record.model.rewrites)
    # Real units in, real units out: against the stranger's own file in onnxruntime.
    original = import_model(path, "near-exact", samples=inputs).original
    session = onnxruntime.InferenceSession(original)
    expected = np.stack([session.run(None, {session.get_inputs()[0].name: x[None]})[0][0] for x in inputs])
    step = np.abs(expected).max() / 127
    assert np.abs(design.predict(inputs) - expected).max() <= 2.5 * step
