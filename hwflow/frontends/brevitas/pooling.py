"""Pooling over the tokens of a sequence and the pixels of an image."""

from __future__ import annotations

from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values


class MeanPool(nn.Module):
    """``Q(2**-ceil(log2 tokens) * sum over tokens)``: the mean, exactly, when ``tokens`` is a power of two.

    Otherwise it is the mean times ``tokens / 2**ceil(log2 tokens)``, a constant that the next linear layer learns to
    absorb.
    """

    def __init__(self, tokens: int, q: Quantization) -> None:
        super().__init__()
        self.factor = 2.0 ** -(tokens - 1).bit_length()
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        """Map ``x`` (batch, tokens, features) to (batch, features)."""
        return self.output(values(x).sum(1) * self.factor)


class ImageMeanPool(MeanPool):
    """The same over the pixels of an image, which keeps its axes."""

    def forward(self, x: Quantized) -> Quantized:
        """Map ``x`` (batch, channels, height, width) to (batch, channels, 1, 1)."""
        return self.output(values(x).sum((2, 3), keepdim=True) * self.factor)


class MaxPool(nn.Module):
    """The maximum over tokens; needs no quantizer, but takes one to carry the scale on."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        """Map ``x`` (batch, tokens, features) to (batch, features)."""
        return self.output(values(x).amax(1))


def flatten(x: Quantized) -> Quantized:
    """Map ``x`` (batch, tokens, features) to (batch, tokens * features); keeps the scale."""
    flat: Tensor = x.flatten(1)
    return flat
