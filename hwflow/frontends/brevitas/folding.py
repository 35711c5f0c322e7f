"""Folding attention: a transformer layer that works on tokens split into N sub-tokens (arXiv 2309.07988).

Stated there: the split. Our reading: the layer is an ordinary one of width ``d = D / N`` on N times as many tokens,
with residuals and norms of that width; a mask over time is expanded by repeating its rows and columns N times.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwflow.errors import UserError
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.layer_norm import LayerNorm
from hwflow.frontends.brevitas.past import Past
from hwflow.frontends.brevitas.quantization import Quantization, Quantized
from hwflow.frontends.brevitas.residual import Residual
from hwflow.frontends.brevitas.softmax import MASK


class FoldedLayer(nn.Module):
    """``x = norm(x + attention(x)); x = norm(x + feed_forward(x))`` on ``fold`` sub-tokens of each token.

    Args:
        dim, hidden: features of a token and of its feed-forward layer, before folding; ``fold`` divides both.
        heads: of the folded width ``dim / fold``, which it divides.
        fold: the factor N; 1 is a plain layer.
        context: tokens before those at hand that a query sees.
        window: tokens that a query sees in all.

    Raises:
        UserError: for a factor that does not divide, or a folded width that is no power of two.
    """

    def __init__(
        self, dim: int, hidden: int, heads: int, fold: int, context: int, window: int, q: Quantization
    ) -> None:
        super().__init__()
        width = dim // fold
        if dim % fold or hidden % fold or width % heads:
            found = f"factor {fold} and {heads} heads for widths of {dim} and {hidden}"
            raise UserError("FoldedLayer", found, "a factor and heads that divide them", "Change one of them.")
        self.fold, self.rows = fold, context * fold
        size = width // heads
        self.attention = Attention(window * fold, width, heads=heads, key_dim=size, value_dim=size, q=q.at("attention"))
        self.residual0 = Residual(q.at("residual0"))
        self.norm0 = LayerNorm(width, q.at("norm0"))
        self.up = q.linear("up", width, hidden // fold)
        self.relu = q.relu("relu")
        self.down = q.linear("down", hidden // fold, width)
        self.residual1 = Residual(q.at("residual1"))
        self.norm1 = LayerNorm(width, q.at("norm1"))

    def forward(self, x: Quantized, past: Past) -> Quantized:
        """Map ``x`` (batch, tokens, dim) to the same shape."""
        y = fold(x, self.fold)
        y = self.norm0(self.residual0(self._attend(y, past), y))
        return unfold(self.norm1(self.residual1(self.down(self.relu(self.up(y))), y)), self.fold)

    def _attend(self, x: Quantized, past: Past) -> Tensor:
        query, key, value = self.attention.project(x)
        key = past.extend(key, self.rows, self.attention.key_quant)
        value = past.extend(value, self.rows, self.attention.value_quant)
        allowed = past.allowed(self.fold)
        mask = None if allowed is None else torch.where(allowed, 0.0, MASK).to(key.dtype)
        return self.attention.attend(query, key, value, mask)


def fold(x: Quantized, factor: int) -> Quantized:
    """(batch, tokens, dim) to (batch, tokens * factor, dim / factor): token t becomes the rows from t * factor on."""
    return x if factor == 1 else x.reshape(-1, int(x.shape[1]) * factor, int(x.shape[2]) // factor)


def unfold(x: Quantized, factor: int) -> Quantized:
    """The inverse of `fold`."""
    return x if factor == 1 else x.reshape(-1, int(x.shape[1]) // factor, int(x.shape[2]) * factor)
