"""GroupNorm with one group, over channels and pixels together, on a reciprocal-square-root table."""

from __future__ import annotations

from torch import nn

from hwflow.frontends.brevitas.layer_norm import EPSILON
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.real_function import RealFunction

EXACT_BITS = 24  # of float32
MEAN_BITS = 6  # of the constant that corrects a mean over a number that is no power of two


class GroupNorm(nn.Module):
    """``y = Q(gamma * Q(c * Q(1 / sqrt(Q(v) + eps))) + beta)`` with ``c = Q(x - mean)`` (Wu and He, 2018).

    An image is one row of ``n = channels * pixels`` elements; gamma and beta have one entry a channel. A mean over n,
    which need be no power of two, is exact in integers:

    - the mean is ``Q(sum(x) / 2^k) * d`` with ``2^k`` the power of two above n and d the multiple of ``2^-5`` nearest
      to ``2^k / n``, a constant of `MEAN_BITS` bits (1 exactly when n is a power of two);
    - ``v = sum(c^2) / 2^k`` is the variance times ``n / 2^k``, a constant factor that gamma learns to absorb;
    - where the sum of squares could pass the 24 bits of float32, each square is quantized first.
    """

    def __init__(self, channels: int, pixels: int, q: Quantization, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.count, self.epsilon = channels * pixels, epsilon
        shift = (self.count - 1).bit_length()
        self.share = 2.0**-shift
        self.correction = round(2.0**shift / self.count * 2 ** (MEAN_BITS - 1)) / 2 ** (MEAN_BITS - 1)
        self.mean = q.identity("mean", "sum")
        self.centred = q.identity("centred")
        wide = 2 * (q.bits("activation", "centred") - 1) + shift > EXACT_BITS
        self.square = q.identity("square", signed=False) if wide else nn.Identity()
        self.variance = q.identity("variance", "variance", signed=False)
        self.inverse_root = RealFunction("rsqrt", q)
        self.rsqrt = q.identity("rsqrt", "table", signed=False)
        self.normalised = q.identity("normalised")
        self.affine = q.scale_bias("affine", channels, trailing=2)
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        """Normalise ``x`` (batch, channels, height, width), on a grid already."""
        image = values(x)
        row = image.reshape(-1, 1, self.count)
        mean = values(self.mean(row.sum(-1, keepdim=True) * self.share))
        c = values(self.centred(row - (mean if self.correction == 1 else mean * self.correction)))
        variance = self.variance(values(self.square(c * c)).sum(-1, keepdim=True) * self.share)
        rsqrt = values(self.rsqrt(self.inverse_root(values(variance) + self.epsilon)))
        normalised = (c * rsqrt).reshape(-1, *image.shape[1:])
        return self.output(self.affine(self.normalised(normalised)))
