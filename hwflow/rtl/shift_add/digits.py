"""Canonical signed digits: each weight as the fewest powers of two, added and subtracted.

Reitwiesner, Binary arithmetic, Advances in Computers 1, 1960: no two neighbouring digits, w bits have w/3 + 1/9.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_WEIGHT = 1 << 60  # three times the weight is formed in int64


def signed_digits(weights: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bit masks of the powers of two that are added and of those that are subtracted, for each weight.

    3w - w = 2w digit by digit: where the bits of 3w and w differ, 2w has a digit.
    """
    magnitude = np.abs(weights.astype(np.int64))
    plus, minus = (3 * magnitude & ~magnitude) >> 1, (magnitude & ~(3 * magnitude)) >> 1
    negative = weights < 0
    return np.where(negative, minus, plus), np.where(negative, plus, minus)


def column_digits(weights: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The digits of a matrix (K, N), with a positive one in each column that is not zero.

    A column without one would end in a negation. Its first -1 becomes +1 - 2: an adder as well, but an ordinary one.
    """
    plus, minus = signed_digits(weights)
    for n in np.flatnonzero(~plus.any(axis=0) & minus.any(axis=0)):
        k = np.flatnonzero(minus[:, n])[0]
        lowest = minus[k, n] & -minus[k, n]
        plus[k, n] = lowest
        minus[k, n] += lowest  # the next digit was zero
    return plus, minus


def count(masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Digits of each mask."""
    return np.asarray(np.bitwise_count(masks), np.int64)


def digit_counts(weights: NDArray[Any]) -> NDArray[np.int64]:
    """Digits of each column (N,): one more than the adders that it needs alone."""
    plus, minus = column_digits(weights)
    digits: NDArray[np.int64] = count(plus | minus).sum(axis=0)
    return digits


def fewest_levels(weights: NDArray[Any]) -> int:
    """Levels of adders that suffice, and without which the longest column cannot be summed: ceil(log2(digits))."""
    return (max(1, int(digit_counts(weights).max(initial=0))) - 1).bit_length()
