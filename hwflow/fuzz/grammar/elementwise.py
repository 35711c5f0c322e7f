"""Arithmetic element by element: with constants of every shape that broadcasts, and of two computed values."""

from __future__ import annotations

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.linear import on_grid
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights
from hwflow.fuzz.quantisers import quantise


def done(
    draft: Draft, name: str, shape: tuple[int, ...], size: float, share: float = 0.75, signed: bool = True
) -> bool:
    """Quantise most results, leave the rest as exact sums."""
    value = Value(name, shape, None, None, size, signed)
    draft.add(quantise(draft, value) if draft.chance(share) else value)
    return True


def exact(value: Value) -> bool:
    """Whether it is a number on some grid: quantised, or a sum of such. A function that waits has no size."""
    return value.size > 0


def _constant_shape(draft: Draft, shape: tuple[int, ...]) -> tuple[int, ...]:
    """One that broadcasts to ``shape``."""
    kind = draft.between(0, 4)
    if kind == 0 or not shape:
        return ()
    if kind == 1:
        return shape[-1:]
    kept = tuple(n if draft.chance(0.5) else 1 for n in shape)
    return kept if kind < 4 else kept[draft.between(0, len(shape) - 1) :]


@production("Add", "Sub", "Mul", weight=3)
def with_constant(draft: Draft) -> bool:
    """x + c, c - x, x c."""
    x = draft.pick(exact)
    if x is None:
        return False
    op = draft.choose(["Add", "Sub", "Mul"])
    constant = weights(draft, _constant_shape(draft, x.shape), 1.0 if op == "Mul" else x.size)
    operands = [draft.use(x), constant]
    y = draft.node(op, *(operands if draft.chance(0.7) else operands[::-1]))
    return done(draft, y, x.shape, 1.5 * x.size)


@production("Mul", "Div", weight=1.5)
def by_a_power_of_two(draft: Draft) -> bool:
    """A shift."""
    x = draft.pick(exact)
    if x is None:
        return False
    exponent = draft.between(-4, 4)
    shape = draft.choose([(), (), (1,), (1,) * x.rank])
    op = draft.choose(["Mul", "Div"])
    y = draft.node(op, draft.use(x), draft.const(np.full(shape, 2.0**exponent)))
    return done(draft, y, x.shape, x.size * 2.0 ** (exponent if op == "Mul" else -exponent), 0.6, x.signed)


@production("Add", "Sub", "Mul", weight=3)
def of_two(draft: Draft) -> bool:
    """a + b, a - b, a b, where one broadcasts to the other."""
    a = draft.pick(exact)
    if a is None:
        return False
    b = draft.pick(lambda v: exact(v) and v.name != a.name and _broadcast(a.shape, v.shape)) or a
    op = draft.choose(["Add", "Sub", "Mul"])
    y = draft.node(op, draft.use(a), draft.use(b))
    size = a.size * b.size if op == "Mul" else a.size + b.size
    return done(draft, y, tuple(np.broadcast_shapes(a.shape, b.shape)), size)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    try:
        return int(np.prod(np.broadcast_shapes(a, b))) <= 4 * max(int(np.prod(a)), int(np.prod(b)))
    except ValueError:
        return False


@production("Max", "Min", "Clip", "Relu")
def limits(draft: Draft) -> bool:
    """At numbers on and off the grid, inside and outside of the range."""
    x = draft.pick(exact)
    if x is None:
        return False
    lo, hi = sorted(_limit(draft, x) for _ in range(2))
    op = draft.choose(["Max", "Min", "Clip", "Clip", "Relu", "Relu"])
    if op == "Relu":
        y = draft.node(op, draft.use(x))
    elif op == "Clip":
        sides = [draft.const(np.asarray(n)) if draft.chance(0.85) else "" for n in (lo, hi)]
        y = draft.node(op, draft.use(x), *([sides[0]] if not sides[1] else sides) if any(sides) else [])
    else:
        y = draft.node(op, draft.use(x), draft.const(np.full(draft.choose([(), (1,)]), lo)))
    return done(draft, y, x.shape, x.size, 0.5, signed=op != "Relu" and x.signed)


def _limit(draft: Draft, x: Value) -> float:
    frac = 3 if x.frac is None else x.frac
    on_grid_steps = round(draft.rng.uniform(-2, 2) * x.size * 2.0**frac)
    return float(np.float32(on_grid_steps * 2.0**-frac)) if draft.chance(0.85) else float(draft.rng.normal() * x.size)


@production("Pow")
def square(draft: Draft) -> bool:
    """The second power."""
    x = draft.pick(on_grid)
    if x is None:
        return False
    y = draft.node("Pow", draft.use(x), draft.const(np.full(draft.choose([(), (1,)]), 2.0)))
    return done(draft, y, x.shape, x.size**2, 0.9, signed=False)


@production("Neg", "Identity", "Dropout", "Cast")
def trivial(draft: Draft) -> bool:
    """Ops that change little or nothing."""
    x = draft.pick(exact)
    if x is None:
        return False
    op = draft.choose(["Neg", "Neg", "Identity", "Dropout", "Cast"])
    y = draft.node(op, draft.use(x), to=1 if op == "Cast" else None)
    same = op != "Neg" and x.bits is not None
    draft.add(Value(y, x.shape, x.bits if same else None, x.frac if same else None, x.size, x.signed))
    return True
