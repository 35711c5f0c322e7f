"""BatchNorm that trains beside a linear layer or a convolution and is folded into it before export."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from brevitas.nn.utils import merge_bn, mul_add_from_bn
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization, Quantized


class FoldingNorm(nn.Module, ABC):
    """A layer with weights and a BatchNorm beside it; puts out the accumulator.

    `fold_batch_norms` merges the norm into the weights and the bias, which are quantized after that: what is exported
    is one exact layer. Fold before quantization-aware fine-tuning.
    """

    norm: nn.Module

    @property
    def folded(self) -> bool:
        """Whether the norm is gone."""
        return isinstance(self.norm, nn.Identity)

    def fold(self) -> None:
        """Merge the norm's running statistics and affine part into the layer."""
        if not self.folded:
            self.merge()
            self.norm = nn.Identity()

    @abstractmethod
    def merge(self) -> None:
        """Change the weights and the bias so that the norm is not needed."""


class LinearBatchNorm(FoldingNorm):
    """A linear layer, then a BatchNorm over its features (last axis)."""

    def __init__(self, inputs: int, outputs: int, q: Quantization) -> None:
        super().__init__()
        self.linear = q.linear("linear", inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Quantized) -> Tensor:
        """Map ``x`` (..., inputs) to (..., outputs)."""
        y: Tensor = self.linear(x)
        return y if self.folded else self.norm(y.flatten(0, -2)).reshape(y.shape)

    def merge(self) -> None:
        merge_bn(self.linear, self.norm)


class BatchNormLinear(FoldingNorm):
    """A BatchNorm over the features of (batch, inputs), then a linear layer."""

    def __init__(self, inputs: int, outputs: int, q: Quantization) -> None:
        super().__init__()
        self.linear = q.linear("linear", inputs, outputs)
        self.norm = nn.BatchNorm1d(inputs)

    def forward(self, x: Quantized) -> Tensor:
        """Map ``x`` (batch, inputs) to (batch, outputs)."""
        y: Tensor = self.linear(x if self.folded else self.norm(x))
        return y

    @torch.no_grad()
    def merge(self) -> None:
        norm, linear = self.norm, self.linear
        factor, shift = mul_add_from_bn(norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
        linear.bias.add_(linear.weight @ shift)  # type: ignore[operator]
        linear.weight.mul_(factor)  # type: ignore[operator]


class ConvBatchNorm(FoldingNorm):
    """A convolution, then a BatchNorm over its channels; with ``skip`` its input is added.

    The addition folds too, into the centre of the kernel, so ``skip`` is for depthwise convolutions of stride 1.

    Args:
        scale: the norm's initial weight; 0 starts a residual branch as the identity.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        groups: int = 1,
        skip: bool = False,
        scale: float = 1.0,
        q: Quantization,
    ) -> None:
        super().__init__()
        self.conv = q.conv("conv", inputs, outputs, kernel, stride=stride, groups=groups)
        self.skip = skip
        self.norm = nn.BatchNorm2d(outputs)
        nn.init.constant_(self.norm.weight, scale)

    def forward(self, x: Quantized) -> Tensor:
        """Map ``x`` (batch, inputs, height, width) to (batch, outputs, ...)."""
        y: Tensor = self.norm(self.conv(x))
        return y + x if self.skip and not self.folded else y

    @torch.no_grad()
    def merge(self) -> None:
        merge_bn(self.conv, self.norm)
        if self.skip:
            weight = self.conv.weight
            weight[:, 0, weight.shape[2] // 2, weight.shape[3] // 2] += 1  # type: ignore[index,operator]


def fold_batch_norms(model: nn.Module) -> None:
    """Fold every `FoldingNorm` of the model, in place."""
    for module in model.modules():
        if isinstance(module, FoldingNorm):
            module.fold()


def liven_norms(model: nn.Module) -> None:
    """Give every BatchNorm some weights, for models that nobody trains: fresh ones are 1, or 0 at a branch's end."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.0, 0.2)
