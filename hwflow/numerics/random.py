"""Random numbers that are the same on every processor: numpy's own normal ones take a logarithm of the C library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_TERMS, _STEPS = 12, 1 << 16


def normal(rng: np.random.Generator, mean: float, deviation: float, size: Sequence[int]) -> NDArray[np.float64]:
    """Numbers of a bell curve within 6 deviations of its mean: sums of 12 uniform ones (Irwin, Hall, 1927)."""
    sums = np.zeros(tuple(size))
    for _ in range(_TERMS):
        sums += rng.integers(_STEPS, size=tuple(size), dtype=np.uint32)
    return mean + deviation * ((sums - _TERMS * (_STEPS - 1) / 2) / _STEPS)
