"""Softmax over tables and quantised attention; see `hwflow.frontends.brevitas.softmax` and ``.attention``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from keras import ops

from hwflow.frontends.qkeras.past import Past
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization

MASK = -(2.0**10)  # dominates every score the calibration can choose
NO_MAX_RANGE = 4  # without the maximum's subtraction scores are clipped to [-4, 4)
NO_MAX_GUARD = 2.0**-4  # keeps the reciprocal finite when every exp of a row rounds to 0
Mask = np.ndarray | None


def stable_softmax(scores: KerasTensor, q: Quantization, mask: Mask = None, length: int | None = None) -> KerasTensor:
    """``softmax`` along the last axis as tables, subtracting the row maximum; ``mask`` is `MASK` or 0.

    ``length``: how many scores of a row are not masked at most, if not all.
    """
    length, exp_bits, bits = length or scores.shape[-1], q.bits("table", "exp"), q.bits("activation", "difference")
    saturated = (exp_bits + 1) * math.log(2) / (1 - 2.0**-bits)  # the largest difference reaches this: exp is 0 there
    s = _masked(q.identity("score")(scores), mask)
    difference = ops.subtract(ops.max(s, axis=-1, keepdims=True), s)
    difference = q.identity("difference", signed=False, frac=bits - math.ceil(math.log2(saturated)))(difference)
    e = q.identity("exp", "table", signed=False, frac=exp_bits)(
        q.function("exponential", "exp_of_negative")(difference)
    )
    total_frac = q.bits("sum", "total") - math.ceil(math.log2(length))
    total = q.identity("total", "sum", signed=False, frac=total_frac)(ops.sum(e, axis=-1, keepdims=True))
    reciprocal_frac = q.bits("table", "reciprocal")
    reciprocal = q.identity("reciprocal", "table", signed=False, frac=reciprocal_frac)(
        q.function("inverse", "reciprocal")(total)
    )
    return _probability(ops.multiply(e, reciprocal), q)


def plain_softmax(scores: KerasTensor, q: Quantization, mask: Mask = None) -> KerasTensor:
    """``softmax`` along the last axis as tables, without the maximum; scores saturate."""
    exp_bits, limit = q.bits("table", "exp"), _score_limit(q, mask is not None)
    s = _masked(scores, mask)
    if q.enabled:
        s = q.identity("score", frac=q.bits("activation", "score") - 1 - math.ceil(math.log2(limit)))(s)
    else:  # the float twin saturates above too: exp would overflow
        s = ops.clip(s, MASK, limit)
    e = q.identity("exp", "table", signed=False, frac=exp_bits - _exp_integer_bits(limit))(
        q.function("exponential", "exp")(s)
    )
    total = q.identity("total", "sum", signed=False)(ops.sum(e, axis=-1, keepdims=True))
    guarded = q.function("inverse", "reciprocal", NO_MAX_GUARD)(total)
    return _probability(ops.multiply(e, q.identity("reciprocal", "table", signed=False)(guarded)), q)


def _probability(x: KerasTensor, q: Quantization) -> KerasTensor:
    return q.identity("probability", signed=False, frac=q.bits("activation", "probability"))(x)


def _masked(scores: KerasTensor, mask: Mask) -> KerasTensor:
    return scores if mask is None else ops.add(scores, mask)


def _score_limit(q: Quantization, masked: bool) -> float:
    """Where scores saturate; with a mask so far out that exp(-limit) rounds to 0 in the table."""
    limit = NO_MAX_RANGE
    while masked and limit <= (q.bits("table", "exp") - _exp_integer_bits(limit) + 1) * math.log(2):
        limit *= 2
    return limit


def _exp_integer_bits(limit: float) -> int:
    """Bits left of the binary point that exp(limit) needs."""
    return math.ceil(limit / math.log(2))


def attention(
    x: KerasTensor,
    q: Quantization,
    *,
    heads: int = 1,
    key_dim: int,
    value_dim: int,
    key_bias: bool = True,
    projected: int | None = None,
    allowed: Sequence[Sequence[bool]] | np.ndarray | None = None,
    subtract_max: bool = True,
    past: Past | None = None,
    rows: int = 0,
    window: int | None = None,
) -> KerasTensor:
    """``softmax(scale * q k^T + mask) v``, heads joined and projected; puts out the exact accumulator of ``out``.

    The arguments are those of `hwflow.frontends.brevitas.attention.Attention`; ``x`` is (batch, tokens, dim).
    With a ``past`` a query sees ``rows`` keys more, of which ``window`` in all are allowed.
    """
    tokens, dim = x.shape[1:]
    exponent = -(((key_dim - 1).bit_length() + 1) // 2)  # -ceil(log4(key_dim))
    parts = []
    for name, size, bias, factor in (
        ("query", key_dim, True, key_dim**-0.5 / 2.0**exponent),
        ("key", key_dim, key_bias, 1.0),
        ("value", value_dim, True, 1.0),
    ):
        quantise = q.identity(f"{name}_quant")
        part = quantise(_linear(x, q, name, heads * size, bias, factor))
        part = part if past is None or name == "query" else past.extend(part, rows, quantise)
        parts.append(ops.reshape(part, (-1, part.shape[1], heads, size)))
    query, key, value = parts
    query, key, value = (ops.transpose(t, axes) for t, axes in ((query, _ROWS), (key, _COLUMNS), (value, _COLUMNS)))
    if projected:
        key, value = (_project(t, q.at(f"{n}_projection"), projected) for n, t in (("key", key), ("value", value)))
    scores = ops.multiply(ops.matmul(query, key), 2.0**exponent)
    mask = None if allowed is None else np.where(np.asarray(allowed), 0.0, MASK).astype(np.float32)
    softmax = partial(stable_softmax, length=window) if subtract_max else plain_softmax
    context = ops.matmul(softmax(scores, q.at("softmax"), mask), ops.transpose(value, (0, 1, 3, 2)))
    joined = ops.reshape(ops.transpose(context, _ROWS), (-1, tokens, heads * value_dim))
    return q.linear("out", dim)(q.identity("context")(joined))


_ROWS, _COLUMNS = (0, 2, 1, 3), (0, 2, 3, 1)  # (batch, heads, tokens, size) and (batch, heads, size, tokens)


def _linear(x: KerasTensor, q: Quantization, name: str, outputs: int, bias: bool, factor: float) -> KerasTensor:
    """A linear layer whose initial weights are multiplied by ``factor``."""
    layer = q.linear(name, outputs, bias=bias)
    y = layer(x)
    layer.kernel.assign(layer.kernel * factor)  # type: ignore[attr-defined]
    return y


def _project(x: KerasTensor, q: Quantization, projected: int) -> KerasTensor:
    """Linformer: the last axis (tokens) to ``projected`` rows, without bias, and requantise."""
    return q.identity("output_quant")(q.linear("linear", projected, bias=False)(x))
