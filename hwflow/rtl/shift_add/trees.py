"""What is left in each column is summed by a tree, the smallest terms first."""

from __future__ import annotations

from collections.abc import Iterator

from hwflow.rtl.shift_add.columns import SHIFT, SHIFT_BITS, Columns


def sum_up(columns: Columns) -> None:
    """Reduce every column to one term, the narrowest sums first, within the levels."""
    for n in range(len(columns.digits)):
        while len(columns.digits[n]) > 1:
            _merge(columns, n, *_next_pair(columns, n))


def _next_pair(columns: Columns, n: int) -> tuple[int, int]:
    """The two smallest terms for which the levels suffice; there are always two (see ``Columns.room``)."""
    keys = sorted(columns.digits[n], key=lambda key: _top(columns, key))
    return next(
        pair for pair in _pairs(keys) if columns.extra(pair[0] >> SHIFT_BITS, pair[1] >> SHIFT_BITS) <= columns.room[n]
    )


def _pairs(keys: list[int]) -> Iterator[tuple[int, int]]:
    return ((keys[a], keys[b]) for b in range(1, len(keys)) for a in range(b))


def _top(columns: Columns, key: int) -> tuple[int, int]:
    """Bits that the term reaches up to in the column; the key makes the order a total one."""
    low, high = columns.bounds[key >> SHIFT_BITS]
    return max(-low, high).bit_length() + (key & SHIFT), key


def _merge(columns: Columns, n: int, a: int, b: int) -> None:
    column = columns.digits[n]
    negative_a, negative_b = column.pop(a), column.pop(b)
    columns.room[n] -= columns.extra(a >> SHIFT_BITS, b >> SHIFT_BITS)
    shift = min(a & SHIFT, b & SHIFT)
    opposite = negative_a != negative_b
    value = columns.add(a - shift, opposite and negative_a, b - shift, opposite and negative_b)
    column[value << SHIFT_BITS | shift] = negative_a and negative_b
