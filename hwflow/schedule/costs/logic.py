"""Adders, comparisons and requantisers: LUTs and carry chains."""

from __future__ import annotations

import math

from hwflow.schedule.costs.cost import (
    CARRY_FIRST_PS,
    CARRY_LAST_PS,
    CARRY_O_PS,
    CARRY_S_OUT_PS,
    CARRY_S_PS,
    CARRY_THROUGH_PS,
    CARRY_WIRE_PS,
    LUT6_PS,
    LUT_PS,
    MUXF_PS,
    NET_PS,
    TREE_LEVEL_PS,
    Cost,
)
from hwflow.schedule.resources import Resources


def adder(bits: int) -> Cost:
    """Sum or difference of ``bits``. Yosys: 8 + 8 -> 8 LUTs, 16 + 16 -> 16, 16 - 16 -> 17."""
    return Cost(Resources(lut=bits), sum_ps(bits))


def adder_tree(terms: int, bits: int) -> Cost:
    """Sum of ``terms`` numbers of ``bits`` with no register between, one bit wider at each level.

    Yosys: 4 x 8 -> 25 LUTs, 8 x 8 -> 60, 32 x 8 -> 274, 16 x 16 -> 251. Without a `keep` on the levels it would merge
    them into carry-save form: 452 LUTs for 32 x 8, and no faster. A level starts with the low bits of the one before.
    """
    levels, width = math.ceil(math.log2(max(1, terms))), bits
    adders = Resources()
    while terms > 1:
        adders += (terms // 2) * adder(width).resources
        terms, width = math.ceil(terms / 2), width + 1
    if not levels:
        return Cost()
    return Cost(adders, (levels - 1) * (TREE_LEVEL_PS + 5 * max(0, bits - 8)) + adder(width).delay_ps)


def comparator(bits: int) -> Cost:
    """a > b, two bits to a carry. Yosys: 8 bits -> 6 LUTs, 16 -> 11, 24 -> 16."""
    blocks = math.ceil(bits / 16)
    chain = CARRY_S_OUT_PS + (blocks - 1) * (CARRY_WIRE_PS + CARRY_THROUGH_PS)
    return Cost(Resources(lut=math.ceil(2 * bits / 3)), 2 * NET_PS + LUT_PS + chain)


def maximum(bits: int, kept: int | None = None) -> Cost:
    """Larger of two numbers, of which the result has ``kept`` bits. Yosys: 8 bits -> 14 LUTs, 16 -> 28, 24 -> 40."""
    return comparator(bits).then(Cost(Resources(lut=kept or bits), NET_PS + LUT_PS // 2))


def relu(bits: int) -> Cost:
    """Yosys: 8 bits -> 7 LUTs."""
    return Cost(Resources(lut=max(1, bits - 1)), lut_ps(1))


def requantise(in_bits: int, shift: int, bits: int) -> Cost:
    """Drop ``shift`` bits, round half-even, saturate to ``bits``.

    Up to three bits too many are seen by the LUT that gives a bit of the result, four where nothing is rounded. Yosys:
    16 by 4 to 8 -> 15 LUTs, 16 by 8 to 8 -> 9, 13 by 2 to 8 -> 8, 24 by 10 to 8 -> 15, 32 by 16 to 16 -> 22,
    12 by 0 to 8 -> 7, 16 by 0 to 8 -> 13.
    """
    kept = max(1, in_bits - shift)
    over = max(0, kept - bits)
    seen = over <= 3 + (shift <= 0)
    luts = max(1, bits - 1) + (0 if seen else math.ceil(0.6 * over))
    limiting = Cost(Resources(lut=luts), min(3, 1 + math.ceil(over / 4)) * 250)
    return _rounding(kept, shift).then(limiting) if shift > 0 else limiting


def rounding(kept: int, shift: int) -> Resources:
    """LUTs of what the bits dropped say, without any limit behind it."""
    return _rounding(kept, shift).resources if shift > 0 else Resources()


def _rounding(kept: int, shift: int) -> Cost:
    """The bits dropped decide on the carry into those kept."""
    levels = 1 + (shift > 5) + (shift > 10)
    luts = (0, 1, 2, math.ceil(0.44 * shift))[levels]
    chain = 160 + (math.ceil(kept / 8) - 1) * (CARRY_WIRE_PS + CARRY_THROUGH_PS)
    return Cost(Resources(lut=luts), lut_ps(1) + (levels - 1) * 250 + NET_PS + chain + CARRY_O_PS)


def choice(count: int, *, or_other: bool = False) -> Cost:
    """One of ``count`` bits by its number, ``or_other``: or else another one by a flag: see ``synthesis/mux.v``.

    Yosys, with the other one: 2 -> 1 LUT, 4 -> 2, 8 -> 3, 16 -> 5, 32 -> 9, 64 -> 18.
    """
    if count <= 2:
        luts = int(count == 2 or or_other)
        return Cost(Resources(lut=luts), lut_ps(luts))
    fours = math.ceil(count / 4)
    odd = fours % 4 == 3  # too many for MUXF7, too few for MUXF8
    muxes = (fours > 1) + (fours > 3)
    lookups = Cost(Resources(lut=fours), NET_PS + LUT6_PS + muxes * MUXF_PS)
    if fours <= 4:
        return lookups.then(choice(1 + odd, or_other=or_other))
    return lookups.then(choice(1 + odd)).then(choice(math.ceil(fours / 4), or_other=or_other))


def lut_ps(levels: int) -> int:
    return levels * (NET_PS + LUT_PS)


def sum_ps(bits: int) -> int:
    """A LUT of two inputs and a carry chain, eight bits to a CARRY8, to a sum in the fabric."""
    blocks = math.ceil(bits / 8)
    if blocks <= 1:
        return NET_PS + CARRY_S_PS + CARRY_FIRST_PS[max(1, bits) - 1] + CARRY_O_PS
    last = (blocks - 2) * (CARRY_WIRE_PS + CARRY_THROUGH_PS) + CARRY_LAST_PS[(bits - 1) % 8]
    full = (blocks - 3) * (CARRY_WIRE_PS + CARRY_THROUGH_PS) + CARRY_LAST_PS[7]  # of the block before
    chain = CARRY_S_OUT_PS + CARRY_WIRE_PS + (max(last, full) if blocks > 2 else last)
    return NET_PS + CARRY_S_PS + chain + CARRY_O_PS
