"""Pairs of terms as integers, which are counted by the million.

Whatever their common shift and sign: first value << 40 | difference of their keys << 1 | whether their signs differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hwflow.rtl.shift_add.columns import SHIFT_BITS

_VALUE_BITS = 40


def count_pairs(digits: Iterable[dict[int, bool]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each pair that occurs in a column (key of a term -> whether it is negative), and how often it does in all."""
    pairs = [np.zeros(0, np.int64)]
    for column in digits:
        keys = np.array(sorted(column), np.int64)
        negative = np.array([column[key] for key in keys.tolist()], np.int64)
        first, second = np.triu_indices(len(keys), 1)
        difference = (keys[second] - keys[first] << 1) + (negative[first] ^ negative[second])
        pairs.append((keys[first] >> SHIFT_BITS << _VALUE_BITS) + difference)
    return np.unique(np.concatenate(pairs), return_counts=True)


def pairs_with(column: dict[int, bool], key: int, negative: bool) -> list[int]:
    """The pairs that a term forms with those of a column."""
    value = key >> SHIFT_BITS << _VALUE_BITS
    return [
        (value + (other - key << 1) if key < other else (other >> SHIFT_BITS << _VALUE_BITS) + (key - other << 1))
        + (negative != sign)
        for other, sign in column.items()
    ]


def unpack(pair: int) -> tuple[int, int, int, bool]:
    """Values of both terms, shift of the second over the first, whether their signs differ."""
    first, difference = pair >> _VALUE_BITS, (pair & ((1 << _VALUE_BITS) - 1)) >> 1
    values = difference + (1 << SHIFT_BITS - 1) >> SHIFT_BITS
    return first, first + values, difference - (values << SHIFT_BITS), bool(pair & 1)
