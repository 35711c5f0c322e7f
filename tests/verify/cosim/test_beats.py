"""Integers to bits and back, for widths on either side of every word."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.ir.types import FixedType
from hwflow.verify.cosim.beats import Stream, pack, unpack


@pytest.mark.parametrize("elements", [1, 3, 40])
@pytest.mark.parametrize(
    "type", [FixedType(s, w, 0) for s in (False, True) for w in (1, 7, 8, 11, 32, 33, 63)], ids=str
)
def test_what_was_packed_comes_back(type: FixedType, elements: int) -> None:
    values = np.random.default_rng(5).integers(type.lo, type.hi, (4, 3, elements), endpoint=True)
    words = pack(Stream(values, type))
    assert words.shape == (4, 3, -(-elements * type.width // 32))
    assert np.array_equal(unpack(words, elements, type), values)


def test_element_zero_is_lowest_and_the_rest_is_zero() -> None:
    words = pack(Stream(np.array([[[1, -1, 2]]]), FixedType(True, 5, 0)))
    assert int(words[0, 0, 0]) == 1 | 0b11111 << 5 | 2 << 10


def test_numbers_of_64_bits_keep_their_sign() -> None:
    values = np.array([[[np.iinfo(np.int64).min, -1, 5]]])
    words = pack(Stream(values, FixedType(True, 64, 0)))
    assert np.array_equal(unpack(words, 3, FixedType(True, 64, 0)), values)
