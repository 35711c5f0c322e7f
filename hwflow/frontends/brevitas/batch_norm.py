"""BatchNorm that trains beside a linear layer and is folded into it before export."""

from __future__ import annotations

from brevitas.nn.utils import merge_bn
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization, Quantized


class LinearBatchNorm(nn.Module):
    """A linear layer and a BatchNorm over its features (last axis); puts out the accumulator.

    `fold_batch_norms` merges the norm into the weights and the bias, which are quantized after that: what is exported
    is one exact linear layer. Fold before quantization-aware fine-tuning.
    """

    def __init__(self, inputs: int, outputs: int, q: Quantization) -> None:
        super().__init__()
        self.linear = q.linear("linear", inputs, outputs)
        self.norm: nn.Module = nn.BatchNorm1d(outputs)

    def forward(self, x: Quantized) -> Tensor:
        """Map ``x`` (..., inputs) to (..., outputs)."""
        y: Tensor = self.linear(x)
        folded = isinstance(self.norm, nn.Identity)
        return y if folded else self.norm(y.flatten(0, -2)).reshape(y.shape)

    def fold(self) -> None:
        """Merge the norm's running statistics and affine part into the linear layer."""
        if isinstance(self.norm, nn.BatchNorm1d):
            merge_bn(self.linear, self.norm)
            self.norm = nn.Identity()


def fold_batch_norms(model: nn.Module) -> None:
    """Fold every `LinearBatchNorm` of the model, in place."""
    for module in model.modules():
        if isinstance(module, LinearBatchNorm):
            module.fold()
