"""Pairs of terms that several sums have in common become adders, the most frequent pair first.

Two-term common subexpressions over canonical signed digits: Potkonjak, Srivastava and Chandrakasan, IEEE Trans. CAD
15(2), 1996; Hartley, IEEE Trans. CAS II 43(10), 1996. Under a limit on the levels, as in da4ml (Sun et al.,
arXiv 2507.04535): a pair is shared only where the column can still be summed within its levels.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from hwflow.rtl.shift_add.columns import SHIFT, SHIFT_BITS, Columns
from hwflow.rtl.shift_add.pairs import count_pairs, pairs_with, unpack

MAX_PAIRS = 1 << 21  # that are counted at a time; more rows are worked off in groups
PAIR_BITS = 64  # of a pair in a candidate


def share(columns: Columns) -> None:
    """Replace pairs that occur more than once by values of their own, until there is none."""
    for first, last in _row_groups(columns):
        group = [_take(column, first, last) for column in columns.digits]
        _Sharing(columns, group).run()
        for column, terms in zip(columns.digits, group, strict=True):
            column.update(terms)


def _row_groups(columns: Columns) -> Iterator[tuple[int, int]]:
    """Rows from, to, with at most MAX_PAIRS pairs in all columns."""
    count = np.zeros((len(columns.inputs), len(columns.digits)), np.int64)
    for n, column in enumerate(columns.digits):
        np.add.at(count[:, n], [key >> SHIFT_BITS for key in column], 1)
    first, digits = 0, np.zeros(len(columns.digits), np.int64)
    for k, row in enumerate(count):
        if k > first and ((digits + row) ** 2).sum() > 2 * MAX_PAIRS:
            yield first, k
            first, digits = k, 0 * digits
        digits = digits + row
    yield first, len(count)


def _take(column: dict[int, bool], first: int, last: int) -> dict[int, bool]:
    return {key: column.pop(key) for key in list(column) if first <= key >> SHIFT_BITS < last}


@dataclass
class _Sharing:
    """The terms of some rows: ``digits`` by column, ``places`` by value (column << 7 | shift -> negative)."""

    columns: Columns
    digits: list[dict[int, bool]]
    places: dict[int, dict[int, bool]] = field(default_factory=lambda: defaultdict(dict))
    frequency: dict[int, int] = field(default_factory=dict)
    candidates: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n, column in enumerate(self.digits):
            for key, negative in column.items():
                self.places[key >> SHIFT_BITS][n << SHIFT_BITS | key & SHIFT] = negative
        pairs, frequencies = count_pairs(self.digits)
        self.frequency = dict(zip(pairs.tolist(), frequencies.tolist(), strict=True))
        self.candidates = [_candidate(pair, times) for pair, times in self.frequency.items() if times > 1]
        heapq.heapify(self.candidates)

    def run(self) -> None:
        """A candidate's frequency may be out of date, then it queues again; the true one is never higher."""
        while self.candidates:
            candidate = -heapq.heappop(self.candidates)
            times, pair = candidate >> PAIR_BITS, candidate & ((1 << PAIR_BITS) - 1)
            counted = self.frequency.get(pair, 0)
            places = self._places_of(pair) if counted >= times else None
            if places is not None and len(places) >= times:
                self._replace(pair, places)
            else:
                self._queue(pair, counted if places is None else len(places))

    def _queue(self, pair: int, times: int) -> None:
        if times > 1:
            heapq.heappush(self.candidates, _candidate(pair, times))

    def _places_of(self, pair: int) -> dict[int, bool]:
        """Where the pair can be replaced: place of the first term -> whether the sum is negative there.

        Not where a term is taken already, where the levels do not suffice, or where no positive term would be left.
        """
        i, j, distance, opposite = unpack(pair)
        seconds, extra = self.places[j], self.columns.extra(i, j)
        firsts = sorted(self.places[i].items()) if i == j else self.places[i].items()
        places = {p: neg for p, neg in firsts if seconds.get(p + distance) == (neg != opposite)}
        flipped = opposite and 2 * sum(places.values()) > len(places)
        room, positive = dict[int, int](), dict[int, int]()
        found: dict[int, bool] = {}
        for place, negative in places.items():
            n, result = place >> SHIFT_BITS, negative != flipped
            left = room.get(n, self.columns.room[n]) - extra
            plus = positive.get(n, self.columns.positive[n]) - _lost(negative, opposite, result)
            if left >= 0 and plus > 0 and not (i == j and place - distance in found):
                found[place], room[n], positive[n] = result, left, plus
        return found

    def _replace(self, pair: int, places: dict[int, bool]) -> None:
        i, j, distance, opposite = unpack(pair)
        low = min(0, distance)
        first = next(iter(places))
        negative = self.places[i][first] != places[first]  # the first term within the sum
        value = self.columns.add(
            i << SHIFT_BITS | -low, negative, j << SHIFT_BITS | distance - low, negative != opposite
        )
        grown: set[int] = set()
        for place, result in places.items():
            n, shift = place >> SHIFT_BITS, place & SHIFT
            column = self.digits[n]
            was = self.places[i].pop(place)
            del self.places[j][place + distance]
            self._remove(column, i << SHIFT_BITS | shift)
            self._remove(column, j << SHIFT_BITS | shift + distance)
            self._insert(column, value << SHIFT_BITS | shift + low, result, grown)
            self.places[value][n << SHIFT_BITS | shift + low] = result
            self.columns.room[n] -= self.columns.extra(i, j)
            self.columns.positive[n] -= _lost(was, opposite, result)
        for each in grown:
            self._queue(each, self.frequency.get(each, 0))

    def _remove(self, column: dict[int, bool], key: int) -> None:
        """Take a term out, and its pairs with the others out of the count."""
        frequency, negative = self.frequency, column.pop(key)
        for pair in pairs_with(column, key, negative):
            left = frequency[pair] - 1
            if left:
                frequency[pair] = left
            else:
                del frequency[pair]

    def _insert(self, column: dict[int, bool], key: int, negative: bool, grown: set[int]) -> None:
        """Put a term in and count its pairs; ``grown`` gets those that are not the first of their kind."""
        frequency = self.frequency
        for pair in pairs_with(column, key, negative):
            if pair in frequency:
                frequency[pair] += 1
                grown.add(pair)
            else:
                frequency[pair] = 1
        column[key] = negative


def _candidate(pair: int, times: int) -> int:
    """An entry of the heap, which gives the smallest first: the most frequent, and among equals the newest values.

    That grows long subexpressions, with 1 % fewer adders than the oldest first.
    """
    return -(times << PAIR_BITS | pair)


def _lost(negative: bool, opposite: bool, result: bool) -> int:
    """Positive terms fewer when two (the first ``negative``, the second of ``opposite`` sign) become ``result``."""
    return (not negative) + (negative == opposite) - (not result)
