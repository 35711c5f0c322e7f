"""The streaming acoustic model as a design: chunks in sequence, in C++ and on the RTL as predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import hwflow
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_streaming
from hwflow.models import FoldedAsrConfig, build_model
from hwflow.models.folded_asr import FoldedAsr

CONFIG = FoldedAsrConfig(bands=6, dim=16, hidden=24, heads=2, folds=(2, 1), chunk=6, context=4)
CHUNKS = 60


def test_chunks_with_their_caches(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model(CONFIG)
    assert isinstance(model, FoldedAsr)
    calibrate(model, torch.randn(32, 4 * CONFIG.chunk, CONFIG.bands))
    chunks = 2 * np.random.default_rng(0).normal(size=(CHUNKS, CONFIG.chunk, CONFIG.bands)).astype(np.float32)
    file = export_streaming(model, tmp_path / "chunk.onnx")
    design = hwflow.convert(file, output_dir=tmp_path / "d", clock_mhz=200, vectors=chunks)
    assert len(design.network.inputs) == len(design.network.outputs) == 1 + len(CONFIG.state_shapes)
    outputs, _ = design.run_chunks(chunks)
    assert np.array_equal(outputs["key_0_next"][:-1], design.vectors.ports[design.ports.inputs.index("key_0")][1:])
    design.csim(CHUNKS)
    assert design.cosim(12, ("nominal",)).failures == ()
    design.check()
