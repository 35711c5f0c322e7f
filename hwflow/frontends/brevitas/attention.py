"""Quantized multi-head attention with free widths, an optional constant mask and an optional Linformer projection."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.softmax import MASK, PlainSoftmax, StableSoftmax


class Attention(nn.Module):
    """``softmax(scale * q k^T + mask) v``, heads joined and projected; puts out the exact accumulator of ``out``.

    The score scale must be exact, so it is the power of two ``2**-ceil(log4(key_dim))``. That is ``1/sqrt(key_dim)``
    when ``key_dim`` is a power of 4; otherwise the rest of the factor is folded into the initial weights of ``query``.

    Args:
        tokens: tokens of a sequence; for `attend` the keys that a query sees at most.
        dim: features of a token.
        key_dim, value_dim: features of a head.
        key_bias: whether ``key`` has a bias (it cancels in the softmax, so some models drop it).
        projected: Linformer's k, the rows that keys and values are projected to along the token axis
            (Wang et al., arXiv 2006.04768); ``None`` for full attention.
        allowed: (tokens, keys) booleans, ``False`` where a query must not see a key; its probability is then exactly 0.
        subtract_max: whether the softmax subtracts the row maximum.
    """

    def __init__(
        self,
        tokens: int,
        dim: int,
        *,
        heads: int = 1,
        key_dim: int,
        value_dim: int,
        key_bias: bool = True,
        projected: int | None = None,
        allowed: Sequence[Sequence[bool]] | None = None,
        subtract_max: bool = True,
        q: Quantization,
    ) -> None:
        super().__init__()
        keys = projected or tokens
        self.heads = heads
        self.exponent = -(((key_dim - 1).bit_length() + 1) // 2)  # -ceil(log4(key_dim))
        self.joined_dim = heads * value_dim
        self.query = q.linear("query", dim, heads * key_dim)
        self.key = q.linear("key", dim, heads * key_dim, bias=key_bias)
        self.value = q.linear("value", dim, heads * value_dim)
        self.query_quant, self.key_quant, self.value_quant = (
            q.identity(f"{n}_quant") for n in ("query", "key", "value")
        )
        self.key_projection = _TokenProjection(tokens, projected, q.at("key_projection")) if projected else None
        self.value_projection = _TokenProjection(tokens, projected, q.at("value_projection")) if projected else None
        softmax = q.at("softmax")
        self.softmax = StableSoftmax(keys, softmax) if subtract_max else PlainSoftmax(softmax, allowed is not None)
        self.context = q.identity("context")
        self.out = q.linear("out", self.joined_dim, dim)
        self.register_buffer("mask", _additive(allowed), persistent=False)
        with torch.no_grad():
            self.query.weight.mul_(key_dim**-0.5 / 2.0**self.exponent)  # type: ignore[operator]

    def forward(self, x: Quantized) -> Tensor:
        """Attend within ``x`` (batch, tokens, dim) and return the same shape."""
        return self.attend(*self.project(x), self.mask)  # type: ignore[arg-type]

    def project(self, x: Quantized) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value (batch, tokens, heads * width) of ``x`` (batch, tokens, dim), each on its grid."""
        return (
            values(self.query_quant(self.query(x))),
            values(self.key_quant(self.key(x))),
            values(self.value_quant(self.value(x))),
        )

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """What the queries find: (batch, queries, dim). Keys and values may be of more tokens than the queries are."""
        tokens = int(query.shape[1])
        query = self._split(query).transpose(1, 2)
        key, value = (self._split(each).permute(0, 2, 3, 1) for each in (key, value))
        if self.key_projection is not None and self.value_projection is not None:
            key, value = self.key_projection(key), self.value_projection(value)
        scores = (query @ key) * 2.0**self.exponent
        context = self.softmax(scores, mask) @ value.transpose(2, 3)
        joined = values(context).transpose(1, 2).reshape(-1, tokens, self.joined_dim)
        accumulator: Tensor = self.out(self.context(joined))
        return accumulator

    def _split(self, x: Tensor) -> Tensor:
        """(batch, tokens, heads * width) to (batch, tokens, heads, width)."""
        return x.reshape(-1, int(x.shape[1]), self.heads, int(x.shape[-1]) // self.heads)


class _TokenProjection(nn.Module):
    """Linformer: project the last axis (tokens) to ``projected`` rows, without bias, and requantise."""

    def __init__(self, tokens: int, projected: int, q: Quantization) -> None:
        super().__init__()
        self.linear = q.linear("linear", tokens, projected, bias=False)
        self.output = q.identity("output_quant")

    def forward(self, x: Tensor) -> Tensor:
        return values(self.output(self.linear(x)))


def _additive(allowed: Sequence[Sequence[bool]] | None) -> Tensor | None:
    """0 where allowed, `MASK` elsewhere."""
    return None if allowed is None else torch.where(torch.tensor(allowed), 0.0, MASK)
