"""Softmax over exp and reciprocal tables, with and without subtraction of the row maximum."""

from __future__ import annotations

import math

from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization, values
from hwflow.frontends.brevitas.real_function import RealFunction

NO_MAX_RANGE = 4  # scores are clipped to [-4, 4): exp then spans 0.018 .. 54.6
NO_MAX_GUARD = 2.0**-4  # keeps the reciprocal finite when every exp of a row rounds to 0
MASK = -(2.0**10)  # dominates every score the calibration can choose (at most +-2**8)


class StableSoftmax(nn.Module):
    """``softmax(s)`` along the last axis as tables, subtracting the row maximum (Laatu et al., arXiv 2510.24784).

    ``p = Q(e * Q(1 / Q(sum e)))`` with ``e = Q(exp(-Q(max(s) - s)))``; every Q but the first is unsigned.
    A masked key (``mask`` = `MASK`, else 0) drives the difference into saturation, where the table holds exactly 0.
    """

    def __init__(self, length: int, q: Quantization) -> None:
        super().__init__()
        exp_bits, bits = q.bits("table", "exp"), q.bits("activation", "difference")
        saturated = (
            (exp_bits + 1) * math.log(2) / (1 - 2.0**-bits)
        )  # the largest difference must reach this: exp is 0 there
        self.exponential, self.inverse = RealFunction("exp", q), RealFunction("reciprocal", q)
        self.score = q.identity("score")
        self.difference = q.identity("difference", signed=False, frac=bits - math.ceil(math.log2(saturated)))
        self.exp = q.identity("exp", "table", signed=False, frac=exp_bits)
        self.total = q.identity(
            "total", "sum", signed=False, frac=q.bits("sum", "total") - math.ceil(math.log2(length))
        )
        self.reciprocal = q.identity("reciprocal", "table", signed=False, frac=q.bits("table", "reciprocal"))
        self.probability = q.identity("probability", signed=False, frac=q.bits("activation", "probability"))

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        """Probabilities of the shape of ``scores`` (..., keys); ``mask`` is broadcast against it."""
        s = values(self.score(scores))
        s = s if mask is None else s + mask
        difference = values(self.difference(s.amax(-1, keepdim=True) - s))
        e = values(self.exp(self.exponential(-difference)))
        total = values(self.total(e.sum(-1, keepdim=True)))
        reciprocal = values(self.reciprocal(self.inverse(total)))
        return values(self.probability(e * reciprocal))


class PlainSoftmax(nn.Module):
    """``softmax(s)`` along the last axis as tables, without subtraction of the maximum (Jiang et al., arXiv
    2402.01047).

    ``p = Q(e * Q(1 / (Q(sum e) + guard)))`` with ``e = Q(exp(Q(s)))``. Scores saturate at +-`NO_MAX_RANGE`;
    with ``masked`` at twice or four times that where the exp table is so fine that a masked key would not round to 0.
    """

    def __init__(self, q: Quantization, masked: bool = False) -> None:
        super().__init__()
        exp_bits, limit = q.bits("table", "exp"), _score_limit(q, masked)
        score_frac = q.bits("activation", "score") - 1 - math.ceil(math.log2(limit))
        self.exponential, self.inverse = RealFunction("exp", q), RealFunction("reciprocal", q)
        # The float twin saturates above too: without the maximum's subtraction exp would overflow.
        self.score = q.identity("score", frac=score_frac) if q.enabled else nn.Hardtanh(MASK, limit)
        self.exp = q.identity("exp", "table", signed=False, frac=exp_bits - _exp_integer_bits(limit))
        self.total = q.identity("total", "sum", signed=False)
        self.reciprocal = q.identity("reciprocal", "table", signed=False)
        self.probability = q.identity("probability", signed=False, frac=q.bits("activation", "probability"))

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        """Probabilities of the shape of ``scores`` (..., keys); ``mask`` is broadcast against it."""
        s = values(self.score(scores if mask is None else scores + mask))
        e = values(self.exp(self.exponential(s)))
        total = values(self.total(e.sum(-1, keepdim=True)))
        reciprocal = values(self.reciprocal(self.inverse(total + NO_MAX_GUARD)))
        return values(self.probability(e * reciprocal))


def _score_limit(q: Quantization, masked: bool) -> float:
    """Where scores saturate: `NO_MAX_RANGE`; with a mask so far out that exp(-limit) rounds to 0 in the table."""
    if uniform := q.precision.uniform:
        return (uniform.bits - uniform.frac) * math.log(2)  # there the exp table itself saturates
    limit = NO_MAX_RANGE
    while masked and limit <= (q.bits("table", "exp") - _exp_integer_bits(limit) + 1) * math.log(2):
        limit *= 2
    return limit


def _exp_integer_bits(limit: float) -> int:
    """Bits left of the binary point that exp(limit) needs."""
    return math.ceil(limit / math.log(2))
