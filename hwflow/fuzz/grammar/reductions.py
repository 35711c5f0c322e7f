"""Sums, maxima and means over any axes."""

from __future__ import annotations

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.elementwise import done, exact
from hwflow.fuzz.grammar.rules import production

_SINCE = {"ReduceSum": 13, "ReduceMax": 18, "ReduceMean": 18}


@production("ReduceSum", "ReduceMax", "ReduceMean", weight=2.5)
def reduce(draft: Draft) -> bool:
    """Over some axes or all, kept or not."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 1)
    if x is None:
        return False
    op = draft.choose(["ReduceSum", "ReduceSum", "ReduceMax", "ReduceMean"])
    axes = _axes(draft, x)
    keepdims = int(draft.chance(0.6))
    count = int(np.prod([x.shape[a] for a in axes]))
    if op == "ReduceMean" and count & (count - 1) and draft.kind != "float" and draft.chance(0.8):
        op = "ReduceSum"
    given = [a - x.rank if draft.chance(0.5) else a for a in axes]
    flag = keepdims if not keepdims or draft.chance(0.5) else None
    if len(axes) == x.rank and draft.chance(0.3):
        name = draft.node(op, draft.use(x), keepdims=flag)
    else:
        name = draft.over_axes(op, draft.use(x), given, _SINCE[op], keepdims=flag)
    shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes)
    if op == "ReduceMax":
        return _maximum(draft, x, name, shape)
    return done(draft, name, shape, x.size * (count**0.7 if op == "ReduceSum" else 1), 0.8, x.signed)


def _axes(draft: Draft, x: Value) -> list[int]:
    """The last one, mostly; two or all now and then."""
    if draft.chance(0.5):
        return [x.rank - 1]
    count = x.rank if draft.chance(0.15) else draft.between(1, min(2, x.rank))
    return sorted(int(a) for a in draft.rng.permutation(x.rank)[:count])


def _maximum(draft: Draft, x: Value, name: str, shape: tuple[int, ...]) -> bool:
    """It stays on the grid; often it is taken off its own row, as a softmax does."""
    draft.add(Value(name, shape, x.bits, x.frac, x.size, x.signed))
    if len(shape) == x.rank and draft.chance(0.4):
        y = draft.node("Sub", x.name, draft.use(draft.values[-1]))
        done(draft, y, x.shape, 2 * x.size)
    return True
