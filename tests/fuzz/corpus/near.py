"""Models that near-exact mode takes."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

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


@entry(mode="near-exact", rows=8)
def tokens_in_front_of_a_norm(b: ModelBuilder) -> str:
    table = b.weights(weights(8, 8), 8, 4)
    x = b.quant(b.node("Gather", table, b.input(1, 6, type=TensorProto.INT64), axis=0), 8, 4)
    return b.quant(b.node("LayerNormalization", x, b.const(np.ones(8)), axis=-1), 8, 5)


@entry(mode="near-exact")
def class_token_of_floats(b: ModelBuilder) -> str:
    """It is rounded to the grid of what it is joined with."""
    x = b.node("MatMul", b.quant(b.input(1, 3, 4)), b.const(weights(4, 4)))
    return b.quant(b.node("Concat", b.const(weights(1, 1, 4, seed=1)), x, axis=1), 8, 3)


@entry("means with keepdims=1", mode="near-exact")
def norm_by_a_mean_without_its_axis(b: ModelBuilder) -> str:
    """In a square tensor it meets the columns: shapes fit, the function is another."""
    x = b.quant(b.input(1, 8, 8))
    centred = b.node("Sub", x, b.node("ReduceMean", x, axes=[-1], keepdims=0))
    variance = b.node("ReduceMean", b.node("Pow", centred, b.const(2.0)), axes=[-1], keepdims=0)
    root = b.node("Sqrt", b.node("Add", variance, b.const(1e-5)), label="root")
    return b.quant(b.node("Div", centred, root), 8, 4)


@entry(mode="near-exact")
def norm_of_192_channels(b: ModelBuilder) -> str:
    x = b.quant(b.input(1, 2, 192))
    return b.quant(b.node("LayerNormalization", x, b.const(np.ones(192)), axis=-1), 8, 5)


@entry(mode="near-exact")
def real_scales_by_channel_in_front_of_a_layer(b: ModelBuilder) -> str:
    y = b.node("MatMul", b.quant(b.input(1, 3, 8)), b.weights(weights(8, 4), 4, 2))
    y = b.quant(y, 8, scale=np.array([0.11, 0.07, 0.2, 0.05]))
    return b.quant(b.node("MatMul", y, b.weights(weights(4, 4), 4, 2)), 8, scale=0.1)


@entry(mode="near-exact")
def branches_of_real_scales_joined(b: ModelBuilder) -> str:
    x = b.quant(b.input(1, 3, 8))
    parts = [
        b.quant(b.node("MatMul", x, b.quant(b.const(weights(8, 2, seed=n)), 8, scale=0.01)), 8, scale=scale)
        for n, scale in enumerate((0.05, 0.017))
    ]
    y = b.node("MatMul", b.node("Concat", *parts, axis=-1), b.weights(weights(4, 4), 4, 2))
    return b.quant(y, 8, scale=0.1)


@entry(mode="near-exact")
def rotary_positions(b: ModelBuilder) -> str:
    """Cosines and sines of floats."""
    x, angles = b.quant(b.input(1, 6, 8)), np.arange(6)[:, None] / 10.0 ** (np.arange(4) / 2)
    left, right = (b.node("Slice", x, b.ints(i), b.ints(i + 4), b.ints(-1)) for i in (0, 4))
    turned = [b.node("Mul", *pair) for pair in ((left, b.const(np.cos(angles))), (right, b.const(np.sin(angles))))]
    y = b.node("MatMul", b.node("Add", *turned), b.weights(weights(4, 4), 4, 2))
    return b.quant(y, 8, scale=0.1)


@entry("no mode normalises groups", mode="near-exact", opset=21)
def norm_of_groups(b: ModelBuilder) -> str:
    """Near-exact mode advised itself."""
    x = b.quant(b.input(1, 8, 4, 4))
    y = b.node("GroupNormalization", x, b.const(np.ones(8)), b.const(np.zeros(8)), num_groups=2)
    return b.quant(b.node("GlobalMaxPool", y), 8, 4)


@entry(mode="near-exact")
def norm_of_the_batch_behind_signs(b: ModelBuilder) -> str:
    """Its bias lies on the grid of the sum, not on the coarse one of the image, also behind a pool."""
    x = b.node("MaxPool", b.quant(b.input(1, 4, 6, 6), 2, 0, narrow=True), kernel_shape=[2, 2], strides=[2, 2])
    y = b.node("Conv", x, b.quant(b.const(weights(6, 4, 3, 3)), 2, 0, narrow=True))
    rng = np.random.default_rng(1)
    given = [np.ones(6), np.zeros(6), rng.normal(size=6) * 8, rng.uniform(30, 40, size=6)]
    return b.quant(b.node("BatchNormalization", y, *map(b.const, given)), 2, 0, narrow=True)


@entry(mode="near-exact")
def limit_on_no_grid(b: ModelBuilder) -> str:
    """ReLU6 of a quantised tensor stays as it is inside a table."""
    x = b.quant(b.node("MatMul", b.quant(b.input(1, 3, 4)), b.weights(weights(4, 4), 4, 2)), 8, scale=0.0719)
    return b.quant(b.node("Clip", x, b.const(0.0), b.const(6.0)), 8, scale=0.0753)
