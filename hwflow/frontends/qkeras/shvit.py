"""SHViT in QKeras: `hwflow.models.shvit` with the same names (Yun and Ro, CVPR 2024, arXiv 2401.16456)."""

from __future__ import annotations

from keras import ops

from hwflow.frontends.qkeras.batch_norm import batch_norm_linear, conv_batch_norm, depthwise_batch_norm
from hwflow.frontends.qkeras.blocks import residual
from hwflow.frontends.qkeras.images import image_mean_pool, single_head_attention, squeeze_excite
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization
from hwflow.models import ShvitConfig


def shvit(x: KerasTensor, config: ShvitConfig, q: Quantization) -> KerasTensor:
    """Logits from standardised images (batch, channels, height, width), the order of the data; inside it is Keras'."""
    x = _stem(ops.transpose(x, (0, 2, 3, 1)), config, q.at("stem"))
    for i, (dim, depth) in enumerate(zip(config.dims, config.depth, strict=True)):
        at = q.at(f"stages.{i}")
        if i:
            x = _block(x, at.at("0"))
            x = _shrink(x, dim, at.at("1"))
            x = _block(x, at.at("2"))
        first, partial = (3, config.partial[i - 1]) if i else (0, None)
        for each in range(first, first + depth):
            x = _block(x, at.at(str(each)), partial, config.key_dim)
    x = ops.reshape(image_mean_pool(x, q.at("pool")), (-1, config.dims[-1]))
    return batch_norm_linear(x, q.at("head"), config.outputs)


def _stem(x: KerasTensor, config: ShvitConfig, q: Quantization) -> KerasTensor:
    """Convolutions that double the channels, a ReLU behind all but the last."""
    for i, (width, stride) in enumerate(zip(config.stem_widths[1:], config.stem, strict=True)):
        y = conv_batch_norm(x, q.at(str(2 * i)), width, 3, stride=stride)
        name = str(2 * i + 1)
        x = q.identity(name)(y) if i == len(config.stem) - 1 else q.relu(name)(y)
    return x


def _block(x: KerasTensor, q: Quantization, partial: int | None = None, key_dim: int = 16) -> KerasTensor:
    """``x += BN(depthwise(x)); x += attention(x); x += feed_forward(x)``."""
    dim = x.shape[-1]
    x = q.identity("depthwise_quant")(depthwise_batch_norm(x, q.at("depthwise"), 3, skip=True))
    if partial is not None:
        x = residual(single_head_attention(x, q.at("attention"), partial, key_dim), x, q.at("residual0"))
    y = q.relu("relu")(conv_batch_norm(x, q.at("up"), 2 * dim))
    return residual(conv_batch_norm(y, q.at("down"), dim, scale=0.0), x, q.at("residual1"))


def _shrink(x: KerasTensor, after: int, q: Quantization) -> KerasTensor:
    """An inverted bottleneck of four times the width, stride 2, with squeeze-and-excite."""
    before = x.shape[-1]
    x = q.relu("relu0")(conv_batch_norm(x, q.at("up"), 4 * before))
    x = q.relu("relu1")(depthwise_batch_norm(x, q.at("depthwise"), 3, stride=2))
    x = squeeze_excite(x, q.at("excite"), before)
    return q.identity("output_quant")(conv_batch_norm(x, q.at("down"), after))
