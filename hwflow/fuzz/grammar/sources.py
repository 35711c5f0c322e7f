"""Where values come from: inputs behind their quantiser, tokens behind an embedding, states of the chunk before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights
from hwflow.fuzz.inputs import Port
from hwflow.fuzz.quantisers import Grid, draw_grid, quantise

_SHAPES = (
    lambda d: (1, d.between(1, 6), d.between(1, 8)),
    lambda d: (1, d.between(1, 12)),
    lambda d: (d.between(1, 5), d.between(1, 6)),
    lambda d: (1, d.between(1, 3), d.between(1, 5), d.between(1, 5)),
    lambda d: (d.between(1, 8),),
    lambda d: (d.between(1, 2), d.between(1, 3), d.between(1, 2), d.between(1, 4), d.between(1, 2)),
)
_WEIGHTS = (0.45, 0.12, 0.1, 0.27, 0.03, 0.03)


def draw_shape(draft: Draft) -> tuple[int, ...]:
    """Tokens, vectors, images; now and then another rank, or no axis for the batch."""
    return tuple(_SHAPES[int(draft.rng.choice(len(_SHAPES), p=_WEIGHTS))](draft))


@production("Quant", "QuantizeLinear", weight=0.3)
def data(draft: Draft) -> bool:
    """An input and its quantiser, on the way of the data a movement now and then."""
    if len(draft.ports) >= 3:
        return False
    known = draft.pick(lambda v: v.bits is not None)
    shape = known.shape if known and draft.chance(0.6) else draw_shape(draft)
    read(draft, shape)
    return True


def read(draft: Draft, shape: tuple[int, ...], grid: Grid | None = None) -> Value:
    """A new input of the draft."""
    if grid is None:
        grid = draw_grid(draft, 2.0 ** draft.between(-3, 4), draft.chance(0.8), shape)
        grid = replace(grid, rounding="ROUND" if draft.chance(0.9) else grid.rounding)
    step, lo, hi = grid.port
    name = draft.input(Port(draft.fresh("x"), shape, step, lo, hi))
    if draft.chance(0.08) and len(shape) > 1 and grid.scale.size == 1:
        perm = [int(i) for i in draft.rng.permutation(len(shape))]
        name, shape = draft.node("Transpose", name, perm=perm), tuple(shape[i] for i in perm)
    value = Value(name, shape, None, None, step * max(hi, 1) / 4, lo < 0)
    return draft.add(quantise(draft, value, grid=grid))


@production("Quant", weight=2)
def requantise(draft: Draft) -> bool:
    """A quantiser behind anything."""
    x = draft.pick(lambda v: v.size > 0)
    if x is None:
        return False
    draft.add(quantise(draft, x))
    return True


@production("Gather", weight=0.4)
def embedding(draft: Draft) -> bool:
    """Rows of a table by tokens."""
    if len(draft.ports) >= 3:
        return False
    rows, width = draft.choose([1, 2, 3, 5, 8, 13]), draft.between(1, 6)
    shape = draft.choose([(1, draft.between(1, 5)), (draft.between(1, 4),), (1, draft.between(1, 3), 2)])
    tokens = draft.input(Port(draft.fresh("tokens"), shape, rows=rows))
    table = weights(draft, (rows, width), 1.0, bits=draft.between(2, 8))
    axis = draft.choose([None, 0, -2])
    y = Value(draft.node("Gather", table, tokens, axis=axis), (*shape, width), None, None, 1.0)
    draft.add(quantise(draft, y) if draft.chance(0.7) else y)
    return True


@production("Concat", weight=0.5)
def state(draft: Draft) -> bool:
    """A cache: rows of the chunk before in front of the new ones, the last of which go out again."""
    x = draft.pick(lambda v: v.bits is not None and v.frac is not None and v.rank == 3 and v.shape[0] == 1)
    if x is None or len(draft.ports) >= 3 or x.bits is None or x.frac is None:
        return False
    kept = draft.between(1, 3)
    grid = Grid(x.bits, x.signed, np.asarray(2.0**-x.frac, np.float32))
    fitted = quantise(draft, x, grid=grid)
    before = read(draft, (1, kept, x.shape[2]), grid)
    joined = draft.node("Concat", draft.use(before), draft.use(fitted), axis=1)
    count = kept + x.shape[1]
    value = draft.add(replace(fitted, name=joined, shape=(1, count, x.shape[2])))
    ends = [draft.ints(count - kept), draft.ints(count), draft.ints(1)]
    last = draft.node("Slice", value.name, *ends)
    out = draft.node("Identity", last)
    draft.states[out] = draft.ports[-1].name
    draft.extra_outputs.append(out)
    return True
