"""Models that near-exact mode takes."""

from __future__ import annotations

import numpy as np

from tests.fuzz.corpus.entry import entry
from tests.fuzz.corpus.imports import dense
from tests.support.qonnx import ModelBuilder, weights


@entry(mode="near-exact", opset=12)
def softmax_of_operator_set_12(b: ModelBuilder) -> str:
    """Its axis is 1 unless it says another, and all behind it is flattened."""
    return b.quant(b.node("Softmax", dense(b, b.quant(b.input(1, 6)), 6, 5)), 8, 7, signed=False)


@entry(mode="near-exact")
def real_scales_by_channel_in_front_of_softmax(b: ModelBuilder) -> str:
    matrix = b.quant(b.const(weights(6, 4)), 4, scale=np.array([0.11, 0.07, 0.2, 0.05]))
    y = b.node("Softmax", b.node("MatMul", b.quant(b.input(1, 6)), matrix), axis=-1)
    return b.quant(y, 8, 7, signed=False)


@entry(mode="near-exact")
def norm_of_24_channels(b: ModelBuilder) -> str:
    """No power of two."""
    x = b.quant(b.input(1, 2, 24))
    return b.quant(b.node("LayerNormalization", x, b.const(np.ones(24)), axis=-1), 8, 5)


@entry(mode="near-exact", opset=24)
def swish_of_a_sum(b: ModelBuilder) -> str:
    """onnxruntime has no kernel of it."""
    y = b.node("MatMul", b.quant(b.input(1, 3, 4)), b.weights(weights(4, 3), 4, 2))
    return b.quant(b.node("Swish", y, alpha=1.5), 6, 3)
