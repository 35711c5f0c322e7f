"""Ops that only move elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.elementwise import exact
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights

MAX_RANK = 5
MAX_ELEMENTS = 400


def moved(draft: Draft, x: Value, name: str, shape: tuple[int, ...]) -> bool:
    """The value under a new name and shape."""
    draft.add(replace(x, name=name, shape=shape))
    return True


@production("Reshape", "Flatten", weight=2)
def reshape(draft: Draft) -> bool:
    """To any shape of as many elements; with -1 and 0, as exporters write them."""
    x = draft.pick(exact)
    if x is None:
        return False
    if draft.chance(0.25) and x.rank:
        axis = draft.between(-x.rank, x.rank)
        cut = axis % x.rank if axis < 0 else axis
        flat = (int(np.prod(x.shape[:cut])), int(np.prod(x.shape[cut:])))
        return moved(draft, x, draft.node("Flatten", draft.use(x), axis=axis), flat)
    shape = _factors(draft, x.count)
    numbers = list(shape)
    if draft.chance(0.4) and numbers:
        numbers[draft.between(0, len(numbers) - 1)] = -1
    elif x.rank and numbers and numbers[0] == x.shape[0] and draft.chance(0.5):
        numbers[0] = 0
    return moved(draft, x, draft.node("Reshape", draft.use(x), draft.ints(*numbers)), shape)


def _factors(draft: Draft, count: int) -> tuple[int, ...]:
    """A shape of ``count`` elements: a unit axis in front more often than not."""
    shape = [1] if draft.chance(0.7) else []
    while count > 1 and len(shape) < MAX_RANK - 1 and draft.chance(0.8):
        divisors = [n for n in range(2, count + 1) if count % n == 0]
        shape.append(draft.choose(divisors))
        count //= shape[-1]
    return (*shape, count) if count > 1 or not shape else tuple(shape)


@production("Squeeze", "Unsqueeze")
def unit_axes(draft: Draft) -> bool:
    """Axes of size 1 come and go."""
    x = draft.pick(exact)
    if x is None:
        return False
    units = [i for i, n in enumerate(x.shape) if n == 1]
    if units and x.rank > 1 and draft.chance(0.5):
        axes = [draft.choose(units)]
        given = [a - x.rank if draft.chance(0.3) else a for a in axes]
        name = draft.over_axes("Squeeze", draft.use(x), given, 13)
        return moved(draft, x, name, tuple(n for i, n in enumerate(x.shape) if i not in axes))
    if x.rank >= MAX_RANK:
        return False
    axis = draft.between(0, x.rank)
    given = [axis - x.rank - 1 if draft.chance(0.3) else axis]
    name = draft.over_axes("Unsqueeze", draft.use(x), given, 13)
    return moved(draft, x, name, (*x.shape[:axis], 1, *x.shape[axis:]))


@production("Transpose", weight=2)
def transpose(draft: Draft) -> bool:
    """Any order of the axes."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 2)
    if x is None:
        return False
    perm = [int(i) for i in draft.rng.permutation(x.rank)]
    if x.shape[0] == 1 and draft.chance(0.6):
        perm = [0, *(int(i) + 1 for i in draft.rng.permutation(x.rank - 1))]
    if draft.chance(0.1):
        return moved(draft, x, draft.node("Transpose", draft.use(x)), x.shape[::-1])
    return moved(draft, x, draft.node("Transpose", draft.use(x), perm=perm), tuple(x.shape[i] for i in perm))


@production("Concat", weight=1.5)
def concat(draft: Draft) -> bool:
    """Of values, copies and constants along any axis."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 1 and v.count <= MAX_ELEMENTS // 2)
    if x is None:
        return False
    axis = draft.between(0, x.rank - 1)
    names, length, size, signed = [draft.use(x)], x.shape[axis], x.size, x.signed
    for _ in range(draft.choose([1, 1, 2])):
        other = draft.pick(lambda v: exact(v) and _joins(x.shape, v.shape, axis))
        if other is None or draft.chance(0.3):
            rows = draft.between(1, 2)
            names.append(weights(draft, (*x.shape[:axis], rows, *x.shape[axis + 1 :]), x.size, bits=4))
            length, signed = length + rows, True
        else:
            names.append(draft.use(other))
            length, size, signed = length + other.shape[axis], max(size, other.size), signed or other.signed
    order = [names[i] for i in draft.rng.permutation(len(names))]
    name = draft.node("Concat", *order, axis=axis - x.rank if draft.chance(0.4) else axis)
    bits = x.bits if x.bits is None else min(12, x.bits + 2)
    draft.add(Value(name, (*x.shape[:axis], length, *x.shape[axis + 1 :]), bits, x.frac, size, signed))
    return True


def _joins(a: tuple[int, ...], b: tuple[int, ...], axis: int) -> bool:
    return len(a) == len(b) and all(m == n for i, (m, n) in enumerate(zip(a, b, strict=True)) if i != axis)


@production("Pad", weight=0.7)
def pad(draft: Draft) -> bool:
    """With zeros."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 1 and v.count <= MAX_ELEMENTS // 2)
    if x is None:
        return False
    pads = [0] * (2 * x.rank)
    for axis in range(x.rank):
        if draft.chance(0.4) and (axis or x.shape[0] > 1):
            pads[axis], pads[axis + x.rank] = draft.between(0, 2), draft.between(0, 2)
    filling = [draft.const(0.0)] if draft.chance(0.5) else []
    name = draft.node("Pad", draft.use(x), draft.ints(*pads), *filling)
    return moved(draft, x, name, tuple(n + pads[i] + pads[i + x.rank] for i, n in enumerate(x.shape)))


@production("Slice", weight=1.5)
def slice_(draft: Draft) -> bool:
    """Ranges of one or two axes, counted from either end, with steps."""
    x = draft.pick(lambda v: exact(v) and v.count > 1)
    if x is None:
        return False
    axes = sorted(int(a) for a in draft.rng.permutation(x.rank)[: draft.choose([1, 1, 2])])
    starts, ends, steps, shape = list[int](), list[int](), list[int](), list(x.shape)
    for axis in axes:
        size = x.shape[axis]
        start = draft.between(0, size - 1)
        stop = draft.between(start + 1, size)
        steps.append(draft.choose([1, 1, 1, 2]))
        shape[axis] = len(range(start, stop, steps[-1]))
        starts.append(start - size if draft.chance(0.3) else start)
        ends.append(2**31 - 1 if stop == size and draft.chance(0.3) else stop)
    given = [a - x.rank if draft.chance(0.3) else a for a in axes]
    last = [draft.ints(*steps)] if any(n > 1 for n in steps) or draft.chance(0.3) else []
    name = draft.node("Slice", draft.use(x), draft.ints(*starts), draft.ints(*ends), draft.ints(*given), *last)
    return moved(draft, x, name, tuple(shape))


@production("Split")
def split(draft: Draft) -> bool:
    """Into two or three parts, all of which go on."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 1 and max(v.shape) >= 2)
    if x is None:
        return False
    axis = draft.choose([i for i, n in enumerate(x.shape) if n >= 2])
    parts = draft.between(2, min(3, x.shape[axis]))
    cuts = sorted(int(n) + 1 for n in draft.rng.permutation(x.shape[axis] - 1)[: parts - 1])
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, x.shape[axis]], strict=True)]
    given = axis - x.rank if draft.chance(0.3) else axis
    if draft.opset < 13:
        names = draft.nodes_of("Split", draft.use(x), outputs=parts, axis=given, split=sizes)
    else:
        names = draft.nodes_of("Split", draft.use(x), draft.ints(*sizes), outputs=parts, axis=given)
    for name, size in zip(names, sizes, strict=True):
        draft.add(replace(x, name=name, shape=(*x.shape[:axis], size, *x.shape[axis + 1 :])))
    return True


@production("Gather")
def gather(draft: Draft) -> bool:
    """One index, or a few in a row."""
    x = draft.pick(lambda v: exact(v) and v.rank >= 1)
    if x is None:
        return False
    axis = draft.between(0, x.rank - 1)
    size, given = x.shape[axis], axis - x.rank if draft.chance(0.3) else axis
    start = draft.between(0, size - 1)
    if draft.chance(0.6) and x.rank > 1:
        index = start - size if draft.chance(0.3) else start
        name = draft.node("Gather", draft.use(x), draft.const(index, np.int64), axis=given)
        return moved(draft, x, name, (*x.shape[:axis], *x.shape[axis + 1 :]))
    stop = draft.between(start + 1, size)
    name = draft.node("Gather", draft.use(x), draft.ints(*range(start, stop)), axis=given)
    return moved(draft, x, name, (*x.shape[:axis], stop - start, *x.shape[axis + 1 :]))
