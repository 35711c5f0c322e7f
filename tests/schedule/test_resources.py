"""Arithmetic and shares of resource counts."""

from __future__ import annotations

import math

from hwflow.boards import load_board
from hwflow.schedule.resources import Resources, total


def test_sums_and_multiples() -> None:
    one = Resources(lut=10, ff=20, dsp=1, bram18=2, uram=3)
    assert one + one == 2 * one == one * 2 == total([one, one])
    assert total([]) == Resources()


def test_dictionary_round_trip() -> None:
    some = Resources(lut=10, dsp=1)
    assert some.as_dict() == {"lut": 10, "ff": 0, "dsp": 1, "bram18": 0, "uram": 0}
    assert Resources(**some.as_dict()) == some


def test_shares_of_a_board() -> None:
    board = load_board("zcu102")
    half = Resources(lut=board.usable.lut // 2)
    assert half.share_of(board)["lut"] == 0.5
    assert half.fits(board)
    assert board.usable.fits(board)
    assert not (board.usable + Resources(dsp=1)).fits(board)


def test_a_kind_that_the_board_lacks() -> None:
    board = load_board("zcu102")
    assert board.usable.uram == 0
    assert Resources(uram=1).share_of(board)["uram"] == math.inf
    assert not Resources(uram=1).fits(board)
