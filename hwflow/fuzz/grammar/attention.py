"""Attention as exporters write it: heads, masks, caches, with and without the maximum taken off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.linear import dense, on_grid
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights
from hwflow.fuzz.quantisers import Grid, quantise

_BLOCKED = -64.0


@production("MatMul", "ReduceMax", "Sub", "Exp", "ReduceSum", "Reciprocal", "Mul", weight=1.2)
def attention(draft: Draft) -> bool:
    """Over a sequence (1, T, C)."""
    x = draft.pick(lambda v: on_grid(v) and v.rank == 3 and v.shape[0] == 1 and v.shape[1] <= 8)
    if x is None:
        return False
    heads, width = draft.choose([1, 1, 2, 3]), draft.between(1, 3)
    other = draft.pick(lambda v: on_grid(v) and v.rank == 3 and v.shape[0] == 1 and v.shape[1] <= 8)
    source = other if other is not None and draft.chance(0.3) else x
    q, k, v = (_projected(draft, value, heads * width) for value in (x, source, source))
    if draft.chance(0.3):
        k, v = _cached(draft, k), _cached(draft, v)
        v = v if v.shape == k.shape else k
    scores = _scores(draft, _split(draft, q, heads), _split(draft, k, heads, keys=True))
    rows = softmax(draft, scores)
    parts = _split(draft, v, heads)
    y = draft.node("MatMul", draft.use(rows), draft.use(parts))
    if heads > 1:
        y = draft.node("Transpose", y, perm=[0, 2, 1, 3])
        y = draft.node("Reshape", y, draft.ints(1, q.shape[1], heads * width))
    draft.add(quantise(draft, Value(y, (1, q.shape[1], heads * width), None, None, v.size), draft.between(4, 9)))
    return True


def _projected(draft: Draft, x: Value, width: int) -> Value:
    return quantise(draft, dense(draft, x, width), draft.between(3, 8), grid=None)


def _cached(draft: Draft, new: Value) -> Value:
    """Constant rows in front, such as a learnt prefix."""
    rows = draft.between(1, 2)
    prefix = weights(draft, (1, rows, new.shape[2]), new.size, bits=4)
    joined = draft.node("Concat", prefix, draft.use(new), axis=1)
    return replace(new, name=joined, shape=(1, new.shape[1] + rows, new.shape[2]), signed=True)


def _split(draft: Draft, x: Value, heads: int, keys: bool = False) -> Value:
    """(1, T, H d) as (1, H, T, d), keys as (1, H, d, T); one head keeps three axes."""
    tokens, width = x.shape[1], x.shape[2] // heads
    if heads == 1:
        perm, shape, name = [0, 2, 1], (1, width, tokens), draft.use(x)
        return replace(x, name=draft.node("Transpose", name, perm=perm), shape=shape) if keys else x
    split = draft.node("Reshape", draft.use(x), draft.ints(1, tokens, heads, width))
    perm = [0, 2, 3, 1] if keys else [0, 2, 1, 3]
    moved: tuple[int, ...] = (1, heads, width, tokens) if keys else (1, heads, tokens, width)
    return replace(x, name=draft.node("Transpose", split, perm=perm), shape=moved)


def _scores(draft: Draft, q: Value, k: Value) -> Value:
    """Scaled, masked, quantised."""
    y = draft.node("MatMul", draft.use(q), draft.use(k))
    size = q.size * k.size
    if draft.chance(0.6):
        y = draft.node("Mul", y, draft.const(np.full(draft.choose([(), (1,)]), 0.5)))
    shape = (*q.shape[:-1], k.shape[-1])
    if draft.chance(0.5):
        y = draft.node("Add", y, draft.const(_mask(draft, shape)))
    return quantise(draft, Value(y, shape, None, None, max(size, 2.0)), draft.between(4, 9))


def _mask(draft: Draft, shape: tuple[int, ...]) -> np.ndarray:
    """Causal, by key, by query and key, or by head."""
    queries, keys = shape[-2:]
    kind = draft.choose(["causal", "keys", "full", "heads"])
    if kind == "causal":
        blocked: np.ndarray = np.triu(np.ones((queries, keys)), 1 + max(keys - queries, 0))
    else:
        wanted = {"keys": (keys,), "full": (queries, keys), "heads": shape}[kind]
        blocked = draft.rng.random(wanted) < 0.35
    return np.where(blocked > 0, _BLOCKED, 0.0)


def softmax(draft: Draft, scores: Value) -> Value:
    """Of tables: exponentials, their sum, its reciprocal."""
    name, axes = draft.use(scores), [-1]
    if draft.chance(0.7):
        largest = draft.over_axes("ReduceMax", name, axes, 18, keepdims=1)
        name = draft.node("Sub", name, largest)
        if draft.chance(0.3):
            shifted = Value(name, scores.shape, None, None, scores.size)
            name = quantise(draft, shifted, draft.between(5, 9), _plain(draft, shifted, 7)).name
    powers = Value(draft.node("Exp", name), scores.shape, None, None, 0.25, False)
    exps = quantise(draft, powers, grid=Grid(draft.between(4, 8), False, np.asarray(2.0**-6, np.float32)))
    total = draft.over_axes("ReduceSum", exps.name, axes, 13, keepdims=1)
    sum_shape = (*scores.shape[:-1], 1)
    summed = quantise(
        draft, Value(total, sum_shape, None, None, 2.0, False), grid=Grid(8, False, np.asarray(2.0**-5, np.float32))
    )
    floor = draft.node("Max", summed.name, draft.const(2.0**-5))
    inverse = Value(draft.node("Reciprocal", floor), sum_shape, None, None, 2.0, False)
    factors = quantise(draft, inverse, grid=Grid(8, False, np.asarray(2.0**-5, np.float32)))
    y = Value(draft.node("Mul", exps.name, factors.name), scores.shape, None, None, 0.25, False)
    return quantise(draft, y, grid=Grid(draft.between(4, 8), False, np.asarray(2.0**-7, np.float32)))


def _plain(draft: Draft, value: Value, bits: int) -> Grid:
    exponent = np.ceil(np.log2(max(value.size, 0.25) * 4)) - bits + 1
    return Grid(bits, True, np.asarray(2.0**exponent, np.float32))
