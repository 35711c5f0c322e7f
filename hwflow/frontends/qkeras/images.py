"""The exact building blocks of images (batch, height, width, channels).

What each computes is said in `hwflow.frontends.brevitas`, in the modules of the same names.
"""

from __future__ import annotations

import math

from keras import ops

from hwflow.frontends.brevitas.group_norm import EXACT_BITS, MEAN_BITS
from hwflow.frontends.qkeras.attention import stable_softmax
from hwflow.frontends.qkeras.batch_norm import conv_batch_norm
from hwflow.frontends.qkeras.blocks import EPSILON, table_activation
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization


def image_mean_pool(x: KerasTensor, q: Quantization) -> KerasTensor:
    """``Q(2**-ceil(log2 pixels) * sum over pixels)``, with axes of one pixel."""
    pixels = x.shape[1] * x.shape[2]
    total = ops.sum(_channels_first(x), axis=(2, 3), keepdims=True)
    mean = q.identity("output_quant")(ops.multiply(total, 2.0 ** -(pixels - 1).bit_length()))
    return _channels_last(mean)


def _channels_first(x: KerasTensor) -> KerasTensor:
    """In the order of ONNX, in which the importer meets images that are reduced or made one row."""
    return ops.transpose(x, (0, 3, 1, 2))


def _channels_last(x: KerasTensor) -> KerasTensor:
    return ops.transpose(x, (0, 2, 3, 1))


def squeeze_excite(x: KerasTensor, q: Quantization, hidden: int) -> KerasTensor:
    """``Q(x * sigmoid(expand(relu(squeeze(mean(x))))))``."""
    y = q.relu("relu")(q.conv("squeeze", hidden)(image_mean_pool(x, q.at("pool"))))
    gate = table_activation(q.conv("expand", x.shape[-1])(y), "sigmoid", q.at("gate"))
    return q.identity("output_quant")(ops.multiply(x, gate))


def group_norm(x: KerasTensor, q: Quantization, epsilon: float = EPSILON) -> KerasTensor:
    """GroupNorm with one group, over pixels and channels together."""
    count = math.prod(x.shape[1:])
    shift = (count - 1).bit_length()
    correction = round(2.0**shift / count * 2 ** (MEAN_BITS - 1)) / 2 ** (MEAN_BITS - 1)
    first = _channels_first(x)
    row = ops.reshape(first, (-1, 1, count))
    mean = q.identity("mean", "sum")(_share(row, shift))
    c = q.identity("centred")(ops.subtract(row, mean if correction == 1 else ops.multiply(mean, correction)))
    square = ops.multiply(c, c)
    if 2 * (q.bits("activation", "centred") - 1) + shift > EXACT_BITS:
        square = q.identity("square", signed=False)(square)
    variance = q.identity("variance", "variance", signed=False)(_share(square, shift))
    root = q.function("inverse_root", "rsqrt", epsilon)(variance)
    normalised = ops.multiply(c, q.identity("rsqrt", "table", signed=False)(root))
    normalised = q.identity("normalised")(_channels_last(ops.reshape(normalised, (-1, *first.shape[1:]))))
    return q.identity("output_quant")(q.scale_bias("affine")(normalised))


def _share(row: KerasTensor, shift: int) -> KerasTensor:
    return ops.multiply(ops.sum(row, axis=-1, keepdims=True), 2.0**-shift)


def single_head_attention(x: KerasTensor, q: Quantization, partial: int, key_dim: int) -> KerasTensor:
    """``project(relu(concat(attention(group_norm(x[..., :partial])), x[..., partial:])))``; the accumulator."""
    _, height, width, dim = x.shape
    normed = group_norm(x[:, :, :, :partial], q.at("norm"))
    query, key, value = (
        _row(q.identity(f"{name}_quant")(conv_batch_norm(normed, q.at(name), size)), size)
        for name, size in (("query", key_dim), ("key", key_dim), ("value", partial))
    )
    scale = 2.0 ** -((key_dim.bit_length() - 1) // 2)
    scores = ops.multiply(ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))), scale)
    context = ops.matmul(stable_softmax(scores, q.at("softmax")), value)
    joined, context = q.relu("joined"), ops.reshape(context, (-1, height, width, partial))
    together = ops.concatenate([joined(context), joined(x[:, :, :, partial:])], axis=-1)
    return conv_batch_norm(together, q.at("project"), dim, scale=0.0)


def _row(x: KerasTensor, features: int) -> KerasTensor:
    """(batch, height, width, features) to (batch, one head, pixels, features)."""
    return ops.reshape(x, (-1, 1, x.shape[1] * x.shape[2], features))
