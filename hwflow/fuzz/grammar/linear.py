"""Products with constant weights and of two computed values."""

from __future__ import annotations

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights
from hwflow.fuzz.quantisers import quantise

MAX_OUT = 7


def on_grid(value: Value) -> bool:
    """Whether it is quantised."""
    return value.bits is not None


def finish(draft: Draft, value: Value, share: float = 0.9) -> bool:
    """Most products are quantised; some are left to what comes behind."""
    draft.add(quantise(draft, value) if draft.chance(share) else value)
    return True


def dense(draft: Draft, x: Value, out: int, bias: bool | None = None) -> Value:
    """x W + b."""
    spread = 1 / np.sqrt(x.shape[-1])
    y = draft.node("MatMul", draft.use(x), weights(draft, (x.shape[-1], out), spread))
    if draft.chance(0.5) if bias is None else bias:
        operands = [y, weights(draft, (out,), x.size)]
        y = draft.node("Add", *(operands if draft.chance(0.8) else operands[::-1]))
    return Value(y, (*x.shape[:-1], out), None, None, 1.5 * x.size)


@production("MatMul", weight=5)
def linear(draft: Draft) -> bool:
    """A layer over the last axis."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2)
    return x is not None and finish(draft, dense(draft, x, draft.between(1, MAX_OUT)))


@production("MatMul")
def from_the_left(draft: Draft) -> bool:
    """W x: tokens are mixed."""
    x = draft.pick(lambda v: on_grid(v) and v.rank >= 2)
    if x is None:
        return False
    rows, tokens = draft.between(1, 5), x.shape[-2]
    matrix = weights(draft, (rows, tokens), 1 / np.sqrt(tokens))
    y = draft.node("MatMul", matrix, draft.use(x))
    return finish(draft, Value(y, (*x.shape[:-2], rows, x.shape[-1]), None, None, 1.5 * x.size))


@production("Gemm")
def gemm(draft: Draft) -> bool:
    """With its transpositions and factors."""
    x = draft.pick(lambda v: on_grid(v) and v.rank == 2)
    if x is None:
        return False
    flips = draft.chance(0.15), draft.chance(0.5)
    rows, inner = x.shape[::-1] if flips[0] else x.shape
    out = draft.between(1, MAX_OUT)
    matrix = weights(draft, (out, inner) if flips[1] else (inner, out), 1 / np.sqrt(inner))
    bias = [weights(draft, draft.choose([(out,), (1, out)]), x.size)] if draft.chance(0.7) else []
    alpha = draft.choose([0.5, 2.0]) if draft.chance(0.15) else None
    y = draft.node(
        "Gemm", draft.use(x), matrix, *bias, transA=int(flips[0]) or None, transB=int(flips[1]) or None, alpha=alpha
    )
    return finish(draft, Value(y, (rows, out), None, None, 1.5 * x.size))


@production("MatMul")
def product(draft: Draft) -> bool:
    """Of two computed values; of one with its own transpose where no other fits."""
    a = draft.pick(lambda v: on_grid(v) and v.rank >= 2)
    if a is None:
        return False
    b = draft.pick(
        lambda v: on_grid(v) and v.rank == a.rank and v.shape[-2] == a.shape[-1] and v.shape[:-2] == a.shape[:-2]
    )
    if b is None:
        perm = [*range(a.rank - 2), a.rank - 1, a.rank - 2]
        moved = draft.node("Transpose", draft.use(a), perm=perm)
        b = Value(moved, tuple(a.shape[i] for i in perm), a.bits, a.frac, a.size, a.signed)
    y = draft.node("MatMul", draft.use(a), draft.use(b))
    size = a.size * b.size * np.sqrt(a.shape[-1])
    return finish(draft, Value(y, (*a.shape[:-1], b.shape[-1]), None, None, size), share=0.97)
