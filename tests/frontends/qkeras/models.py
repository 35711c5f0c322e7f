"""Small QKeras models, one for each thing that the exporter knows, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import qkeras as qk
from keras import layers as kl
from keras import ops

Build = Callable[[Any], Any]
IMAGE, SEQUENCE, VECTOR = (8, 7, 3), (9, 4), (12,)


def bits(bits: int = 8, integer: int = 2, **options: Any) -> Any:
    return qk.quantized_bits(bits, integer, **{"alpha": 1.0, **options})


WEIGHT, BIAS = {"bits": 6, "integer": 0, "symmetric": 1}, {"bits": 8, "integer": 1}


def both(kernel: str = "kernel") -> dict[str, Any]:
    return {f"{kernel}_quantizer": bits(**WEIGHT), "bias_quantizer": bits(**BIAS)}


def dense(units: int = 5, **options: Any) -> Any:
    return qk.QDense(units, **{**both(), **options})


def kernel(quantiser: Any) -> Build:
    return lambda x: qk.QDense(5, kernel_quantizer=quantiser, bias_quantizer=bits(**BIAS))(x)


def act(quantiser: Any) -> Build:
    return lambda x: qk.QActivation(quantiser)(dense()(x))


def shared(x: Any) -> Any:
    layer, step = dense(12), qk.QActivation(bits(6, 2))
    return step(layer(step(layer(x))))


def attention(x: Any) -> Any:
    q, k, v = (qk.QActivation(bits())(dense(4)(x)) for _ in range(3))
    scores = qk.QActivation(bits(8, 3))(kl.Dot(axes=(2, 2))([q, k]))
    return qk.QActivation(bits())(kl.Dot(axes=(2, 1))([scores, v]))


def operations(x: Any) -> Any:
    a = ops.matmul(x, ops.transpose(x, (0, 2, 1))) * 0.25
    b = ops.reshape(a - ops.max(a, axis=-1, keepdims=True), (-1, 3, 27))
    c = ops.concatenate([b[:, :, 1:5], ops.squeeze(ops.expand_dims(b, 1), 1)[:, :, :2]], axis=-1)
    d, e = ops.split(ops.clip(c, -3.0, 2.0), 2, axis=-1)
    return qk.QActivation(bits(12, 6))(ops.maximum(d, e) + ops.sum(b, axis=(1, 2), keepdims=True) * np.float32(2**-5))


def conv(**options: Any) -> Build:
    return lambda x: qk.QConv2D(4, (3, 2), **{**both(), **options})(x)


def chain(*steps: Build) -> Build:
    def build(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    return build


def depthwise(**options: Any) -> Build:
    return lambda x: qk.QDepthwiseConv2D(3, **{**both("depthwise"), **options})(x)


def images(x: Any) -> Any:
    """A block of a small network: residual around a depthwise convolution, then a strided one, pooling, a head."""
    y = qk.QActivation(bits(6, 2))(qk.QDepthwiseConv2D(3, padding="same", **both("depthwise"))(x))
    x = qk.QActivation("quantized_relu(6,3)")(kl.Add()([x, y]))
    x = qk.QActivation("quantized_relu(6,3)")(qk.QConv2D(6, 3, strides=2, padding="same", **both())(x))
    return dense()(kl.Flatten()(kl.MaxPooling2D(2, padding="same")(x)))


FOLDED: dict[str, Build] = {
    "dense_batch_norm": lambda x: qk.QDenseBatchnorm(5, **both())(x),
    "dense_batch_norm_bare": lambda x: qk.QDenseBatchnorm(5, use_bias=False, **both())(x),
}
VECTORS: dict[str, Build] = {
    "dense": lambda x: dense(activation="quantized_relu(6,2)")(x),
    "dense_without_bias": lambda x: dense(use_bias=False)(x),
    "automatic": kernel("quantized_bits(4,0)"),  # alpha=None: QKeras takes auto_po2 for kernels
    "auto_po2": kernel(bits(5, 1, alpha="auto_po2")),
    "unsigned": kernel(bits(4, 0, keep_negative=False)),
    "one_bit": kernel(bits(1, 0)),
    "alpha": kernel(bits(4, 0, alpha=0.5)),
    "binary": kernel(qk.binary(alpha=1.0)),
    "binary_po2": kernel(qk.binary(alpha="auto_po2")),
    "binary_01": kernel(qk.binary(use_01=True, alpha=0.25)),
    "ternary": kernel(qk.ternary(alpha=1.0, threshold=0.5)),
    "ternary_po2": kernel(qk.ternary(alpha="auto_po2")),
    "po2": kernel(qk.quantized_po2(4, max_value=1)),
    "relu": act("quantized_relu(6,2)"),
    "leaky": act(qk.quantized_relu(6, 2, negative_slope=0.25)),
    "tanh": act(qk.quantized_tanh(6)),
    "tanh_symmetric": act(qk.quantized_tanh(6, symmetric=True)),
    "real_tanh": act(qk.quantized_tanh(6, use_real_tanh=True)),
    "sigmoid": act(qk.quantized_sigmoid(6)),
    "sigmoid_symmetric": act(qk.quantized_sigmoid(6, symmetric=True)),
    "real_sigmoid": act(qk.quantized_sigmoid(6, use_real_sigmoid=True)),
    "sign": act(qk.binary(alpha=1.0)),
    "sign_01": act(qk.binary(use_01=True, alpha=2.0)),
    "sign_bit": act(bits(1, 0)),
    "three_levels": act(qk.ternary(alpha=1.0)),
    "bits_none": act(qk.quantized_bits(6, 2, 1)),
    "bits_alpha": act(bits(6, 2, alpha=0.25)),
    "shared": shared,
    "norm": chain(
        dense(8),
        lambda x: qk.QBatchNormalization(
            gamma_quantizer=None, variance_quantizer=None, inverse_quantizer=bits(8, 2), mean_quantizer=bits(8, 2),
            beta_quantizer=bits(8, 2),
        )(x),
        lambda x: qk.QActivation(bits())(x),
    ),
    **FOLDED,
}  # fmt: skip
SEQUENCES: dict[str, Build] = {
    "attention": attention,
    "operations": operations,
    "conv1d": lambda x: qk.QConv1D(5, 3, strides=2, padding="same", **both())(x),
    "conv1d_causal": lambda x: kl.Conv1D(5, 3, dilation_rate=2, padding="causal")(x),  # QConv1D cannot
    "pool1d": lambda x: kl.MaxPooling1D(2)(kl.AveragePooling1D(2)(x)),
    "mean": lambda x: kl.GlobalAveragePooling1D()(x[:, :8]),
    "layers": chain(kl.Permute((2, 1)), kl.Reshape((6, 6)), kl.ZeroPadding1D(1), kl.GlobalMaxPooling1D()),
    "dot_rank4": lambda x: kl.Dot(axes=(2, 3))([x, kl.Reshape((3, 3, 4))(x)]),
}
IMAGES: dict[str, Build] = {
    "conv": conv(),
    "conv_same": conv(padding="same", strides=2),
    "conv_dilated": conv(dilation_rate=2, use_bias=False),
    "conv_grouped": lambda x: qk.QConv2D(6, 3, groups=3, **both())(x),
    "conv_po2": conv(kernel_quantizer=bits(4, 0, alpha="auto_po2")),
    "conv_norm": lambda x: qk.QConv2DBatchnorm(4, 3, padding="same", **both())(x),
    "depthwise": depthwise(padding="same"),
    "depthwise_stride": depthwise(strides=2, depth_multiplier=2),
    "depthwise_norm": lambda x: qk.QDepthwiseConv2DBatchnorm(3, **both("depthwise"))(x),
    "images": images,
    "average": lambda x: qk.QAveragePooling2D(2, average_quantizer=bits(8, 0), activation=bits())(x),
    "global_average": lambda x: qk.QGlobalAveragePooling2D(average_quantizer=bits(8, 0), activation=bits())(x),
}
MODELS = {
    **{name: (VECTOR, build) for name, build in VECTORS.items()},
    **{name: (SEQUENCE, build) for name, build in SEQUENCES.items()},
    **{name: (IMAGE, build) for name, build in IMAGES.items()},
}


def build(name: str) -> Any:
    """The model behind an input quantiser, with random weights that also leave the quantisers' range."""
    shape, body = MODELS[name]
    x = keras.Input(shape, name="input")
    model = keras.Model(x, body(qk.QActivation(bits(), name="input_quant")(x)))
    randomise(model)
    return model


def randomise(model: Any) -> None:
    """Real numbers for what a quantiser rounds, numbers on a grid for the rest."""
    rng = np.random.default_rng(1)
    for layer in model.layers:
        for weight in layer.weights:
            values = rng.normal(0, 0.6, weight.shape)
            values = np.abs(values) + 0.1 if "variance" in weight.name else values
            if "iteration" not in weight.name:
                weight.assign(values if type(layer).__name__.startswith("Q") else np.round(values * 32) / 32)


def inputs(name: str, count: int = 40) -> Any:
    """Real inputs, some outside the range of the input quantiser."""
    return np.random.default_rng(2).normal(0, 2.5, (count, *MODELS[name][0])).astype(np.float32)
