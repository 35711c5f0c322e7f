"""The streaming acoustic model with folding attention; see `hwflow.models.folded_asr` and ``.frontends.brevitas``."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from hwflow.frontends.qkeras.attention import attention
from hwflow.frontends.qkeras.blocks import layer_norm, residual
from hwflow.frontends.qkeras.past import Past, Stream, Whole, Windows
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization
from hwflow.models import FoldedAsrConfig
from hwflow.models.folded_config import STRIDE

INPUT = "inputs"


def sequence_model(config: FoldedAsrConfig, frames: int, quantized: bool = True) -> Any:
    """Whole sequences (batch, frames, bands) to logits (batch, frames / 2, tokens + 1), chunk beside chunk."""
    chunks = config.chunks(frames)
    inputs = keras.Input((frames, config.bands), name=INPUT)
    x = ops.reshape(inputs, (-1, config.chunk, config.bands))
    y = _run(x, config, Quantization(config.precision, enabled=quantized), Windows(chunks))
    return keras.Model(inputs, ops.reshape(y, (-1, frames // STRIDE, config.outputs)), name=config.family)


def whole_model(config: FoldedAsrConfig, frames: int) -> Any:
    """The same under the mask of the chunks, to be exported; its weights come by `copy_model`."""
    config.chunks(frames)
    inputs = keras.Input((frames, config.bands), name=INPUT)
    past = Whole(frames // STRIDE, config.chunk_tokens, config.context)
    return keras.Model(inputs, _run(inputs, config, Quantization(config.precision), past), name=config.family)


def chunk_model(config: FoldedAsrConfig) -> Any:
    """One chunk and its states to logits and the states behind it, to be exported; see `whole_model`."""
    inputs = keras.Input(config.input_shape, name=INPUT)
    states = [keras.Input(shape, name=name) for name, shape in config.state_shapes.items()]
    stream = Stream(states)
    y = _run(inputs, config, Quantization(config.precision), stream)
    return keras.Model([inputs, *states], [y, *stream.next], name=config.family)


def copy_model(source: Any, target: Any) -> None:
    """Copy weights and grids of each layer to the layer of the same name."""
    for layer in source.layers:
        if layer.weights:
            target.get_layer(layer.name).set_weights(layer.get_weights())
        for name in ("activation", "kernel_quantizer_internal", "weight_quantizer_internal", "bias_quantizer_internal"):
            quantiser = getattr(layer, name, None)
            if quantiser is not None and hasattr(quantiser, "integer"):
                getattr(target.get_layer(layer.name), name).integer = quantiser.integer


def _run(x: KerasTensor, config: FoldedAsrConfig, q: Quantization, past: Past) -> KerasTensor:
    y = _front(x, config, q, past)
    for index, fold in enumerate(config.folds):
        y = _layer(y, config, fold, q.at(f"layers.{index}"), past)
    return q.identity("output", "output")(q.linear("head", config.outputs)(y))


def _front(x: KerasTensor, config: FoldedAsrConfig, q: Quantization, past: Past) -> KerasTensor:
    """The causal convolution: frames and those before them to tokens."""
    quantise = q.identity("input")
    frames = quantise(x)
    if config.kernel > STRIDE:
        frames = past.extend(frames, config.kernel - STRIDE, quantise)
        frames = quantise(frames)  # changes nothing, but says what grid the convolution works on
    return q.relu("front_relu")(q.strided_conv("front", config.dim, config.kernel, STRIDE)(frames))


def _layer(x: KerasTensor, config: FoldedAsrConfig, fold: int, q: Quantization, past: Past) -> KerasTensor:
    """``x = norm(x + attention(x)); x = norm(x + feed_forward(x))`` on ``fold`` sub-tokens of each token."""
    tokens, width = x.shape[1] * fold, config.dim // fold
    size, window = width // config.heads, (config.context + config.chunk_tokens) * fold
    y = x if fold == 1 else ops.reshape(x, (-1, tokens, width))
    seen = attention(
        y, q.at("attention"), heads=config.heads, key_dim=size, value_dim=size,
        past=past, rows=config.context * fold, allowed=past.allowed(fold), window=window,
    )  # fmt: skip
    y = layer_norm(residual(seen, y, q.at("residual0")), q.at("norm0"))
    fed = q.linear("down", width)(q.relu("relu")(q.linear("up", config.hidden // fold)(y)))
    y = layer_norm(residual(fed, y, q.at("residual1")), q.at("norm1"))
    return y if fold == 1 else ops.reshape(y, (-1, tokens // fold, width * fold))
