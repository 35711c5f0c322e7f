"""Real numbers on integer grids: dyadic multipliers, and the scale that a quantised constant was made with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hwflow.onnx_import.values import dyadic

Reals = NDArray[np.float64]

_EXACT_BITS = 16  # a constant of no more significant bits lies on a grid as it is
_LARGEST = 1 << 15  # the largest integer of a weight that is looked for
_TOLERANCE = 2.0**-21  # relative: scale and product were each rounded to float32


def is_dyadic(array: np.ndarray, bits: int = _EXACT_BITS) -> bool:
    """Whether every element is an integer of at most ``bits`` bits times one power of two."""
    try:
        integers, _ = dyadic(array)
    except (OverflowError, ValueError):
        return False
    return int(np.abs(integers).max(initial=0)).bit_length() <= bits


def to_dyadic(array: np.ndarray, bits: int) -> Reals:
    """The nearest multiples of one power of two, of at most ``bits`` bits for the largest; exact if it can be."""
    reals = np.asarray(array, np.float64)
    if is_dyadic(reals, bits):
        return reals
    largest = float(np.abs(reals).max())
    step = 2.0 ** (math.frexp(largest)[1] - bits)
    step *= 1 + (round(largest / step) >= 2.0**bits)  # it was rounded up to one bit more
    return np.asarray(np.rint(reals / step) * step)


def step_of(values: np.ndarray) -> float | None:
    """The largest s for which every value is an integer times s, up to float32 rounding and 2**15; None if none is.

    The largest magnitude is n steps for some n: the first n that fits all others is taken.
    """
    magnitudes = np.unique(np.abs(values.astype(np.float64)))
    magnitudes = magnitudes[magnitudes > 0]
    if not magnitudes.size:
        return 1.0
    relative = magnitudes / magnitudes[-1]
    steps = np.arange(max(1, int(0.6 / relative[0])), _LARGEST + 1)  # the smallest is at least one step
    for part in (relative[:: max(1, relative.size // 8)], relative):  # few elements rule out nearly every n
        scaled = part * steps[:, None]
        steps = steps[np.all(np.abs(scaled - np.rint(scaled)) <= scaled * _TOLERANCE, axis=1)]
    return float(magnitudes[-1]) / int(steps[0]) if steps.size else None


def split_step(scale: np.ndarray | float) -> tuple[Reals, float]:
    """``(m, step)`` with ``scale == m * step``, step one power of two, and m about 1; m is 1 for a power of two."""
    reals = np.asarray(scale, np.float64)
    step = float(2.0 ** np.round(np.log2(float(np.median(reals)))))
    return reals / step, step


def compress(array: np.ndarray) -> Reals:
    """Axes along which nothing changes become 1; an array of one value becomes a scalar."""
    reals = np.asarray(array, np.float64)
    if np.all(reals == reals.flat[0]):
        return np.asarray(reals.flat[0])
    for axis in range(reals.ndim):
        first = np.take(reals, [0], axis)
        reals = first if np.all(reals == first) else reals
    return reals
