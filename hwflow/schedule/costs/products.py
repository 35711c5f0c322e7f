"""Products of two numbers that change, in LUTs or DSP slices."""

from __future__ import annotations

import math

from hwflow.schedule.costs.cost import BEHIND_BLOCK_PS, CARRY_S_PS, DSP_PS, LUT_PS, NET_PS, Cost
from hwflow.schedule.costs.logic import adder_tree, sum_ps
from hwflow.schedule.resources import Resources


def multiplier(a_bits: int, b_bits: int, *, dsp: bool | None = None) -> Cost:
    """Product of two numbers that change; signed widths (an unsigned number counts one bit more).

    By default as Yosys chooses: a DSP48E2 for products of 9 bits or more (2x8, 4x6 and 5x5 do, 4x4 does not).
    """
    if dsp is None:
        dsp = min(a_bits, b_bits) >= 2 and a_bits + b_bits >= 9
    return _dsp_multiplier(a_bits, b_bits) if dsp else _lut_multiplier(a_bits, b_bits)


def _lut_multiplier(a_bits: int, b_bits: int) -> Cost:
    """Yosys: 1x8 -> 8 LUTs, 2x4 -> 8, 3x3 -> 8, 4x4 -> 26, 6x6 -> 71, 8x8 -> 134, 10x10 -> 243."""
    a_bits, b_bits = min(a_bits, b_bits), max(a_bits, b_bits)
    if a_bits == 1:
        return Cost(Resources(lut=b_bits), sum_ps(b_bits))
    if a_bits + b_bits <= 6:
        return Cost(Resources(lut=a_bits + b_bits + 2), NET_PS + LUT_PS + sum_ps(b_bits) - CARRY_S_PS)
    luts = a_bits * b_bits * (1.2 + 0.06 * (a_bits + b_bits))
    levels = math.ceil(math.log2(a_bits))
    return Cost(Resources(lut=math.ceil(luts)), levels * sum_ps(a_bits + b_bits))


def _dsp_multiplier(a_bits: int, b_bits: int) -> Cost:
    """One 27x18 slice, or tiles of 26x17 with an adder tree above the bits that only the lowest tile has."""
    small, large = min(a_bits, b_bits), max(a_bits, b_bits)
    single = Cost(Resources(dsp=1), NET_PS + DSP_PS + BEHIND_BLOCK_PS)
    if small <= 18 and large <= 27:
        return single
    tiles = min(
        math.ceil(small / 17) * math.ceil(large / 26),
        math.ceil(small / 26) * math.ceil(large / 17),
    )
    return (tiles * single).then(adder_tree(tiles, small + large - 18))
