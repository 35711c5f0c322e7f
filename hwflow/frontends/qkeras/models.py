"""The zoo in QKeras: the models of `hwflow.models` with the same names, so that weights go from one to the other."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from hwflow.frontends.qkeras.attention import attention
from hwflow.frontends.qkeras.blocks import layer_norm, residual
from hwflow.frontends.qkeras.folded_asr import sequence_model
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization
from hwflow.frontends.qkeras.shvit import shvit
from hwflow.models import EncoderConfig, FoldedAsrConfig, JetTaggerConfig, ModelConfig, ShvitConfig

WIDTH = 16  # of the jet tagger
INPUT = "inputs"  # the graph input; "input" is its quantiser


def build_model(config: ModelConfig, quantized: bool = True, frames: int | None = None) -> Any:
    """The functional ``keras.Model`` of ``config``; with ``quantized=False`` its float twin with the same layer names.

    ``frames``: of the sequences that a streaming model is trained on; of one chunk by default.
    A quantised model must be calibrated (`hwflow.frontends.qkeras.calibrate`) before its outputs mean anything.

    Raises:
        UserError: for a precision that float32 cannot compute exactly (``PAPER``).
    """
    if isinstance(config, FoldedAsrConfig):
        return sequence_model(config, frames or config.chunk, quantized)
    q = Quantization(config.precision, enabled=quantized)
    inputs = keras.Input(config.input_shape, name=INPUT)
    x = q.identity("input")(inputs)
    y = _logits(x, config, q)
    return keras.Model(inputs, q.identity("output", "output")(y), name=config.family)


def _logits(x: KerasTensor, config: ModelConfig, q: Quantization) -> KerasTensor:
    match config:
        case JetTaggerConfig():
            return _jet_tagger(x, config, q)
        case ShvitConfig():
            return shvit(x, config, q)
        case EncoderConfig():
            return _encoder(x, config, q)
    raise AssertionError(config.family)


def _jet_tagger(x: KerasTensor, config: JetTaggerConfig, q: Quantization) -> KerasTensor:
    """Logits (batch, 5) from standardised particles (Laatu et al., arXiv 2510.24784)."""
    x = q.relu("relu0")(q.linear("embed0", WIDTH)(x))
    x = q.relu("relu1")(q.linear("embed1", WIDTH)(x))
    y = attention(x, q.at("attention"), key_dim=WIDTH, value_dim=WIDTH, key_bias=False, projected=config.linformer)
    x = residual(y, x, q.at("residual"))
    for i in range(2):
        x = _jet_feed_forward(x, q.at(f"feed_forward.{i}"))
    x = ops.reshape(x, (-1, config.particles * WIDTH))
    return q.linear("head1", config.outputs)(q.relu("head_relu")(q.linear("head0", WIDTH)(x)))


def _jet_feed_forward(x: KerasTensor, q: Quantization) -> KerasTensor:
    """``relu(Dense 16)(relu(Dense 32)(x)) + x``."""
    y = q.linear("down", WIDTH)(q.relu("relu")(q.linear("up", 2 * WIDTH)(x)))
    return residual(ops.relu(y), x, q.at("residual"))


def _encoder(x: KerasTensor, config: EncoderConfig, q: Quantization) -> KerasTensor:
    """Logits from standardised sequences (Jiang et al., arXiv 2402.01047)."""
    x = q.identity("embed_quant")(q.linear("embed", config.dim)(x))
    for i in range(config.blocks):
        x = _encoder_block(x, config, q.at(f"blocks.{i}"))
    x = q.identity("pool_quant")(q.linear("pool", 1)(x))
    x = ops.reshape(x, (-1, config.tokens))
    return q.linear("head1", config.outputs)(q.relu("head_relu")(q.linear("head0", config.head)(x)))


def _encoder_block(x: KerasTensor, config: EncoderConfig, q: Quantization) -> KerasTensor:
    """``x = norm(x + attention(x)); x = norm(x + feed_forward(x))``."""
    size = config.key_dim
    y = attention(x, q.at("attention"), heads=config.heads, key_dim=size, value_dim=size, subtract_max=False)
    x = layer_norm(residual(y, x, q.at("residual0")), q.at("norm0"))
    y = q.linear("down", config.dim)(q.relu("relu")(q.linear("up", config.hidden)(x)))
    return layer_norm(residual(y, x, q.at("residual1")), q.at("norm1"))
