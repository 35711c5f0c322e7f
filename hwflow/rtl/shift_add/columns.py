"""The columns of a matrix while they are being turned into adders: what is left to sum in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.rtl.shift_add.digits import column_digits, fewest_levels
from hwflow.rtl.shift_add.graph import Adder, AdderGraph, Bounds, Term

SHIFT_BITS = 7
SHIFT = (1 << SHIFT_BITS) - 1  # a key is value << 7 | shift: sorted by value, then by shift

Sum = tuple[int, int, int, int, bool, bool]  # value, shift, value, shift, whether each is negative


@dataclass
class Columns:
    """``digits[n]``: key of a term -> whether it is negative, for all that is left to sum in column n.

    ``room[n]``: how far the sum of 2**level over the terms is below 2**levels. Terms can be summed within ``levels``
    exactly while it is not negative (Kraft's inequality for the depths of a binary tree).
    """

    inputs: NDArray[np.int64]  # (K, 2), smallest and largest
    level: list[int]
    bounds: list[Bounds]
    digits: list[dict[int, bool]]
    room: list[int]
    positive: list[int]  # positive terms of each column; never 0, or the sum would end in a negation
    adders: list[Adder] = field(default_factory=list)
    _rows: list[NDArray[np.int64]] = field(default_factory=list)  # each value as a combination of the inputs
    _known: dict[Sum, int] = field(default_factory=dict)

    @classmethod
    def of(cls, weights: NDArray[Any], inputs: Sequence[Bounds], extra_levels: int) -> Columns:
        """One term a digit."""
        plus, minus = column_digits(weights)
        room = 1 << (fewest_levels(weights) + extra_levels)
        digits = [_terms(plus[:, n], minus[:, n]) for n in range(weights.shape[1])]
        return cls(
            inputs=np.array(inputs, dtype=np.int64),
            level=[0] * len(inputs),
            bounds=list(inputs),
            digits=digits,
            room=[room - len(each) for each in digits],
            positive=[sum(not negative for negative in each.values()) for each in digits],
            _rows=list(np.eye(len(inputs), dtype=np.int64)),
        )

    def extra(self, i: int, j: int) -> int:
        """Room that a sum of two values takes up."""
        return abs((1 << self.level[i]) - (1 << self.level[j]))

    def add(self, key_a: int, negative_a: bool, key_b: int, negative_b: bool) -> int:
        """The value of the sum of two terms whose lower shift is 0; made if there is none yet."""
        a, b = (key_a >> SHIFT_BITS, key_a & SHIFT), (key_b >> SHIFT_BITS, key_b & SHIFT)
        known = (*a, *b, negative_a, negative_b)
        if known not in self._known:
            self._known[known] = len(self.level)
            self._make(Term(*a, negative_a), Term(*b, negative_b))
        return self._known[known]

    def _make(self, a: Term, b: Term) -> None:
        row = self._row(a) + self._row(b)
        low, high = self.inputs.T
        above, below = np.maximum(row, 0), np.minimum(row, 0)
        bounds = int(above @ low + below @ high), int(above @ high + below @ low)
        level = 1 + max(self.level[a.value], self.level[b.value])
        self.adders.append(Adder(a, b, level, *bounds))
        self._rows.append(row)
        self.level.append(level)
        self.bounds.append(bounds)

    def _row(self, term: Term) -> NDArray[np.int64]:
        shifted = self._rows[term.value] << term.shift
        return -shifted if term.negative else shifted

    def graph(self) -> AdderGraph:
        """When no column has more than one term left."""
        keys = [next(iter(column), None) for column in self.digits]
        outputs = (None if key is None else Term(key >> SHIFT_BITS, key & SHIFT) for key in keys)
        return AdderGraph(tuple(self.bounds[: len(self.inputs)]), tuple(self.adders), tuple(outputs))


def _terms(plus: NDArray[np.int64], minus: NDArray[np.int64]) -> dict[int, bool]:
    masks = enumerate(zip(plus.tolist(), minus.tolist(), strict=True))
    return {
        k << SHIFT_BITS | shift: bool(subtracted >> shift & 1)
        for k, (added, subtracted) in masks
        for shift in range((added | subtracted).bit_length())
        if (added | subtracted) >> shift & 1
    }
