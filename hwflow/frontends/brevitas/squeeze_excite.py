"""Squeeze-and-excite: channels weighted by what the whole image says (Hu et al., CVPR 2018)."""

from __future__ import annotations

from torch import nn

from hwflow.frontends.brevitas.activations import TableActivation
from hwflow.frontends.brevitas.pooling import ImageMeanPool
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values


class SqueezeExcite(nn.Module):
    """``Q(x * sigmoid(expand(relu(squeeze(mean(x))))))``; both are pointwise convolutions with a bias.

    Args:
        hidden: channels between the two.
        pixels: height times width of an image.
    """

    def __init__(self, channels: int, hidden: int, pixels: int, q: Quantization) -> None:
        super().__init__()
        self.pool = ImageMeanPool(pixels, q.at("pool"))
        self.squeeze = q.conv("squeeze", channels, hidden)
        self.relu = q.relu("relu")
        self.expand = q.conv("expand", hidden, channels)
        self.gate = TableActivation("sigmoid", q.at("gate"))
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        """Weight the channels of ``x`` (batch, channels, height, width)."""
        gate = self.gate(self.expand(self.relu(self.squeeze(self.pool(x)))))
        return self.output(values(x) * values(gate))
