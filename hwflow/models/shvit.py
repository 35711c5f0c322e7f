"""SHViT, the single-head vision transformer, in torch (Yun and Ro, CVPR 2024, arXiv 2401.16456)."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from hwflow.frontends.brevitas.batch_norm import BatchNormLinear, ConvBatchNorm
from hwflow.frontends.brevitas.pooling import ImageMeanPool, flatten
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.frontends.brevitas.shsa import SingleHeadAttention
from hwflow.frontends.brevitas.squeeze_excite import SqueezeExcite
from hwflow.models.shvit_config import ShvitConfig


class Shvit(nn.Module):
    """Logits (batch, classes) from standardised images (batch, channels, height, width)."""

    def __init__(self, config: ShvitConfig, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.stem = nn.Sequential(*_stem(config, q.at("stem")))
        self.stages = nn.Sequential(*(nn.Sequential(*stage) for stage in _stages(config, q)))
        self.pool = ImageMeanPool(config.sides[-1] ** 2, q.at("pool"))
        self.head = BatchNormLinear(config.dims[-1], config.outputs, q.at("head"))
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (batch, channels, height, width) to logits (batch, classes)."""
        y = self.stages(self.stem(self.input(x)))
        return values(self.output(self.head(flatten(self.pool(y)))))


def _stem(config: ShvitConfig, q: Quantization) -> Iterator[nn.Module]:
    """Convolutions that double the channels, a ReLU behind all but the last."""
    widths = config.stem_widths
    for i, stride in enumerate(config.stem):
        yield ConvBatchNorm(widths[i], widths[i + 1], 3, stride=stride, q=q.at(str(2 * i)))
        name = str(2 * i + 1)
        yield q.identity(name) if i == len(config.stem) - 1 else q.relu(name)


def _stages(config: ShvitConfig, q: Quantization) -> Iterator[list[nn.Module]]:
    """Three stages; what shrinks the image stands at the start of the second and the third."""
    for i, (dim, depth, side) in enumerate(zip(config.dims, config.depth, config.sides, strict=True)):
        at = q.at(f"stages.{i}")
        stage: list[nn.Module] = []
        if i:
            stage = list(_downsampling(config.dims[i - 1], dim, side, at))
        partial = config.partial[i - 1] if i else None
        for each in range(len(stage), len(stage) + depth):
            stage.append(_Block(dim, at.at(str(each)), partial, config.key_dim, side))
        yield stage


def _downsampling(before: int, after: int, side: int, q: Quantization) -> Iterator[nn.Module]:
    """A block of the old width, a shrinking, a block of the new width."""
    yield _Block(before, q.at("0"))
    yield _Shrink(before, after, side, q.at("1"))
    yield _Block(after, q.at("2"))


class _Block(nn.Module):
    """``x += BN(depthwise(x)); x += attention(x); x += feed_forward(x)``; the attention from the second stage on."""

    def __init__(self, dim: int, q: Quantization, partial: int | None = None, key_dim: int = 16, side: int = 1) -> None:
        super().__init__()
        self.depthwise = ConvBatchNorm(dim, dim, 3, groups=dim, skip=True, q=q.at("depthwise"))
        self.depthwise_quant = q.identity("depthwise_quant")
        self.attention: nn.Module | None = None
        if partial is not None:
            self.attention = SingleHeadAttention(dim, partial, key_dim, side**2, q.at("attention"))
            self.residual0 = Residual(q.at("residual0"))
        self.up = ConvBatchNorm(dim, 2 * dim, q=q.at("up"))
        self.relu = q.relu("relu")
        self.down = ConvBatchNorm(2 * dim, dim, scale=0.0, q=q.at("down"))
        self.residual1 = Residual(q.at("residual1"))

    def forward(self, x: Quantized) -> Quantized:
        x = self.depthwise_quant(self.depthwise(x))
        if self.attention is not None:
            x = self.residual0(self.attention(x), x)
        return self.residual1(self.down(self.relu(self.up(x))), x)


class _Shrink(nn.Module):
    """An inverted bottleneck of four times the width, stride 2, with squeeze-and-excite, to the next stage's width."""

    def __init__(self, before: int, after: int, side: int, q: Quantization) -> None:
        super().__init__()
        wide = 4 * before
        self.up = ConvBatchNorm(before, wide, q=q.at("up"))
        self.relu0 = q.relu("relu0")
        self.depthwise = ConvBatchNorm(wide, wide, 3, stride=2, groups=wide, q=q.at("depthwise"))
        self.relu1 = q.relu("relu1")
        self.excite = SqueezeExcite(wide, before, side**2, q.at("excite"))
        self.down = ConvBatchNorm(wide, after, q=q.at("down"))
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        x = self.relu1(self.depthwise(self.relu0(self.up(x))))
        return self.output(self.down(self.excite(x)))
