"""LayerNorm and RMSNorm over a reciprocal-square-root table."""

from __future__ import annotations

from torch import Tensor, nn

from hwflow.frontends.brevitas.exact import require_power_of_two
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.real_function import RealFunction

EPSILON = 2.0**-10


class RMSNorm(nn.Module):
    """``y = Q(gamma * Q(c * Q(1 / sqrt(Q(mean(c^2)) + eps))) + beta)`` over the last axis, with ``c = Q(x)``.

    ``dim`` must be a power of two, so that the mean is a shift. beta starts at 0 (Zhang and Sennrich, 2019).
    """

    def __init__(self, dim: int, q: Quantization, epsilon: float = EPSILON) -> None:
        super().__init__()
        require_power_of_two(type(self).__name__, dim)
        self.epsilon = epsilon
        self.centred = q.identity("centred")
        self.variance = q.identity("variance", "variance", signed=False)
        self.inverse_root = RealFunction("rsqrt", q)
        self.rsqrt = q.identity("rsqrt", "table", signed=False)
        self.normalised = q.identity("normalised")
        self.affine = q.scale_bias("affine", dim)
        self.output = q.identity("output_quant")

    def forward(self, x: Quantized) -> Quantized:
        """Normalise ``x`` (..., dim)."""
        c = values(self.centred(self.centre(values(x))))
        variance = values(self.variance((c * c).mean(-1, keepdim=True)))
        rsqrt = values(self.rsqrt(self.inverse_root(variance + self.epsilon)))
        return self.output(self.affine(self.normalised(c * rsqrt)))

    def centre(self, x: Tensor) -> Tensor:
        """What is normalised: RMSNorm takes ``x`` as it is."""
        return x


class LayerNorm(RMSNorm):
    """The same with ``c = Q(x - mean(x))`` (Ba et al., 2016; the table as in Jiang et al., arXiv 2402.01047)."""

    def centre(self, x: Tensor) -> Tensor:
        return x - x.mean(-1, keepdim=True)
