"""Random changes of integer inputs (count, *shape): each takes a generator, the inputs, and the ends of their range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hwflow.ir.graph import IntArray

Change = Callable[[np.random.Generator, IntArray, int, int], IntArray]


def _each(x: IntArray) -> tuple[int, ...]:
    """One number for each inference."""
    return (len(x), *(1 for _ in x.shape[1:]))


def _some(rng: np.random.Generator, x: IntArray) -> np.ndarray:
    """A random part of the elements, now few, now most."""
    share = rng.choice([1 / 64, 1 / 8, 1 / 2, 1.0], size=_each(x))
    return np.asarray(rng.random(x.shape) < share)


def _to_ends(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    return np.where(_some(rng, x), np.where(rng.random(x.shape) < 0.5, lo, hi), x)


def _to_one_value(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    value = rng.integers(lo, hi + 1, size=_each(x))
    return np.where(_some(rng, x), value, x)


def _by_a_little(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    steps = np.maximum(1, (hi - lo) >> rng.integers(1, 8, size=_each(x)))
    return np.where(_some(rng, x), x + rng.integers(-steps, steps + 1, size=x.shape), x)


def _flipped(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    return np.where(_some(rng, x), lo + hi - x, x)


def _scaled(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    quarters = rng.choice(np.array([0, 1, 2, 3, 5, 6, 8, 16]), size=_each(x))
    scaled: IntArray = np.right_shift(x * quarters, 2)
    return scaled


def _crossed(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    """Parts, or whole rows of the first axis, of another input."""
    other = x[rng.permutation(len(x))]
    rows = rng.random((*x.shape[:2], *(1 for _ in x.shape[2:]))) < 0.5
    return np.where(rows, other, x)


def _repeated(rng: np.random.Generator, x: IntArray, lo: int, hi: int) -> IntArray:
    """One row of the first axis everywhere."""
    row = int(rng.integers(x.shape[1]))
    return np.broadcast_to(x[:, row : row + 1], x.shape)


CHANGES: tuple[Change, ...] = (_to_ends, _to_one_value, _by_a_little, _flipped, _scaled, _crossed, _repeated)
