"""Single-head self-attention on some of the channels of an image (Yun and Ro, arXiv 2401.16456)."""

from __future__ import annotations

from torch import Tensor, nn

from hwflow.frontends.brevitas.batch_norm import ConvBatchNorm
from hwflow.frontends.brevitas.group_norm import GroupNorm
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, concat, values
from hwflow.frontends.brevitas.softmax import StableSoftmax


class SingleHeadAttention(nn.Module):
    """``project(relu(concat(attention(group_norm(x[:partial])), x[partial:])))``; puts out the accumulator.

    The attention is ``softmax(key_dim^-1/2 * q^T k) v`` over the pixels. Its factor must be exact, so ``key_dim`` is
    a power of 4 (the paper's is 16). Both parts of the concatenation go through one quantizer, so they share a grid.

    Args:
        partial: channels that attend; the other ``dim - partial`` pass by.
        pixels: height times width of an image.
    """

    def __init__(self, dim: int, partial: int, key_dim: int, pixels: int, q: Quantization) -> None:
        super().__init__()
        self.partial, self.pixels = partial, pixels
        self.scale = 2.0 ** -((key_dim.bit_length() - 1) // 2)
        self.norm = GroupNorm(partial, pixels, q.at("norm"))
        widths = {"query": key_dim, "key": key_dim, "value": partial}
        self.query, self.key, self.value = (ConvBatchNorm(partial, w, q=q.at(name)) for name, w in widths.items())
        self.query_quant, self.key_quant, self.value_quant = (q.identity(f"{name}_quant") for name in widths)
        self.softmax = StableSoftmax(pixels, q.at("softmax"))
        self.joined = q.relu("joined")
        self.project = ConvBatchNorm(dim, dim, scale=0.0, q=q.at("project"))

    def forward(self, x: Quantized) -> Tensor:
        """Attend within ``x`` (batch, dim, height, width) and return the same shape."""
        image = values(x)
        normed = self.norm(image[:, : self.partial])
        context = self._attend(normed).reshape(-1, self.partial, *image.shape[2:])
        joined = concat([self.joined(context), self.joined(image[:, self.partial :])], axis=1)
        accumulator: Tensor = self.project(joined)
        return accumulator

    def _attend(self, x: Quantized) -> Tensor:
        """The context (batch, partial, pixels) of one head."""
        query, key, value = (
            self._pixels(quant(conv(x)))
            for conv, quant in (
                (self.query, self.query_quant),
                (self.key, self.key_quant),
                (self.value, self.value_quant),
            )
        )
        scores = (query.transpose(2, 3) @ key) * self.scale
        context: Tensor = self.softmax(scores) @ value.transpose(2, 3)
        return context.transpose(2, 3)

    def _pixels(self, x: Quantized) -> Tensor:
        """(batch, width, height, width) to (batch, one head, width, pixels)."""
        plain = values(x)
        return plain.reshape(-1, 1, plain.shape[1], self.pixels)
