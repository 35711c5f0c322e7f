"""The streaming acoustic model in QKeras: the same bits as in Brevitas, whole and chunk by chunk; it trains."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hwflow.frontends.brevitas.calibrate import calibrate as calibrate_torch
from hwflow.frontends.brevitas.run import TrainConfig, run_config
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.folded_asr import chunk_model, copy_model, sequence_model, whole_model
from hwflow.frontends.qkeras.run import export_run
from hwflow.frontends.qkeras.train import train
from hwflow.models import FoldedAsrConfig
from hwflow.models import build_model as build_torch
from hwflow.onnx_import.ports import STATES

from .executor import golden
from .transfer import transfer

CONFIG = FoldedAsrConfig(bands=6, dim=16, hidden=24, heads=2, folds=(2, 1), chunk=6, context=4)
CHUNKS = 4


def test_the_same_weights_give_the_same_bits_in_every_form(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    frames = CHUNKS * CONFIG.chunk
    source, model = build_torch(CONFIG), sequence_model(CONFIG, frames)
    calibrate_torch(source, torch.randn(32, frames, CONFIG.bands))
    transfer(source, model)
    x = 2 * np.random.default_rng(0).normal(0, 1, (3, frames, CONFIG.bands)).astype(np.float32)
    with torch.no_grad():
        expected = source(torch.from_numpy(x)).numpy()
    assert len(np.unique(expected)) > 50
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    chunk, whole = chunk_model(CONFIG), whole_model(CONFIG, frames)
    for target in (chunk, whole):
        copy_model(model, target)
    np.testing.assert_array_equal(whole.predict(x, verbose=0), expected)
    np.testing.assert_array_equal(golden(export_qonnx(whole, tmp_path / "whole.onnx"), x), expected)
    states = [np.zeros((len(x), *shape), np.float32) for shape in CONFIG.state_shapes.values()]
    parts = []
    for part in np.split(x, CHUNKS, 1):
        logits, *states = chunk.predict([part, *states], verbose=0)
        parts.append(logits)
    np.testing.assert_array_equal(np.concatenate(parts, 1), expected)
    chunk.save(tmp_path / "chunk.keras")
    saved = export_qonnx(tmp_path / "chunk.keras", tmp_path / "saved.onnx")
    assert saved.read_bytes() == export_qonnx(chunk, tmp_path / "live.onnx").read_bytes()


@pytest.mark.timeout(300)
def test_it_trains_on_transcripts_and_is_exported_as_one_chunk(tmp_path: Path) -> None:
    settings = TrainConfig(float_epochs=1, quantized_epochs=1, batch=16, threads=1)
    config = run_config("folded_asr_all2", samples=40, train=settings)
    small = config.model.model_copy(update={"folds": (2,)})
    metrics = train(config.model_copy(update={"model": small}), tmp_path, quiet=True)
    assert metrics.quantized_model.token_error_rate is not None
    exported = onnx.load(export_run(tmp_path))
    (pairs,) = (json.loads(entry.value) for entry in exported.metadata_props if entry.key == STATES)
    assert pairs == {"frames_next": "frames", "key_0_next": "key_0", "value_0_next": "value_0"}
    assert [value.name for value in exported.graph.output] == ["output", *pairs]
