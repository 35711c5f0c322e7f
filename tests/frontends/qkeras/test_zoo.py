"""The zoo in QKeras: parameter counts, and bit for bit the same golden.onnx as Brevitas with the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

from hwflow.errors import UserError
from hwflow.frontends.brevitas.batch_norm import fold_batch_norms, liven_norms
from hwflow.frontends.brevitas.calibrate import calibrate as calibrate_torch
from hwflow.frontends.brevitas.export import export_qonnx as export_torch
from hwflow.frontends.qkeras.calibrate import calibrate
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.models import build_model
from hwflow.frontends.qkeras.train import copy_weights
from hwflow.kernels.network import kernel_graph
from hwflow.models import EncoderConfig, ModelConfig, config_for
from hwflow.models import build_model as build_torch
from hwflow.onnx_import.model import import_model

from .executor import golden
from .transfer import transfer

NAMES = ("jet_tagger_n8", "jet_tagger_n8_linformer", "btag", "gw", "shvit_nano")


def config_of(name: str) -> ModelConfig:
    """One block is enough of an encoder: the others are the same."""
    config = config_for(name)
    return config.model_copy(update={"blocks": 1}) if isinstance(config, EncoderConfig) else config


def samples(config: ModelConfig, count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(0, 1.5, (count, *config.input_shape)).astype(np.float32)


def settle_norms(model: Any, x: np.ndarray) -> None:
    """Let the BatchNorms, if any, see data; those that start at 0 do something too."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.gamma.assign(np.linspace(0.5, 1.5, norm.gamma.shape[0]))
        norm.momentum = 0.0
    model(x, training=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_weights_give_the_same_bits_in_both_frameworks(name: str, tmp_path: Path) -> None:
    config = config_of(name)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    source, target, x = build_torch(config), build_model(config), samples(config, 60)
    liven_norms(source)
    fold_batch_norms(source)
    calibrate_torch(source, torch.from_numpy(samples(config, 256)))
    transfer(source, target)
    expected = golden(export_torch(source, tmp_path / "torch.onnx", config.input_shape), x)
    assert len(np.unique(expected)) > 20
    np.testing.assert_array_equal(golden(export_qonnx(target, tmp_path / "keras.onnx"), x), expected)
    np.testing.assert_array_equal(target.predict(x, verbose=0), expected)
    assert kernel_graph(import_model(tmp_path / "keras.onnx").graph, 200.0).kernels
    target.save(tmp_path / "model.keras")
    saved = export_qonnx(tmp_path / "model.keras", tmp_path / "saved.onnx")
    assert saved.read_bytes() == (tmp_path / "keras.onnx").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_calibrated_model_is_near_its_float_twin_and_equals_golden(name: str, tmp_path: Path) -> None:
    config, precise = config_of(name), {"weight": 10, "activation": 9, "bias": 22, "table": 10, "output": 14}
    config = config.model_copy(update={"precision": config.precision.model_copy(update=precise)})
    twin, model, x = build_model(config, quantized=False), build_model(config), samples(config, 64)
    settle_norms(twin, x)
    copy_weights(twin, model)
    calibrate(model, x)
    expected = model.predict(x, verbose=0)
    assert np.corrcoef(expected.ravel(), twin.predict(x, verbose=0).ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(golden(export_qonnx(model, tmp_path / "m.onnx"), x), expected)


@pytest.mark.parametrize(("name", "count"), [("jet_tagger_n16", 7749), ("btag", 9124), ("engine", 3303)])
def test_parameter_counts_are_those_of_the_brevitas_zoo(name: str, count: int) -> None:
    assert build_model(config_for(name), quantized=False).count_params() == count


def test_a_precision_beyond_float32_is_refused() -> None:
    with pytest.raises(UserError, match="one format for every tensor; expected widths that float32 computes exactly"):
        build_model(config_for("btag", precision="paper"))
