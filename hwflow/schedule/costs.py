"""Estimated resources and delays of the primitives that kernels are made of (UltraScale+, speed grade -2).

Counts are fitted to Yosys 0.70 ``synth_xilinx -family xcup`` on single instances; the measured points stand
beside each formula. Delays are those of RapidWright's UltraScale+ delay file plus 200 ps for each net.
Estimates, never post-route figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.schedule.resources import Resources

NET_PS, LUT_PS, MUXF_PS = 200, 125, 75
CARRY8_PS, CARRY_IN_PS, CARRY_THROUGH_PS, CARRY_OUT_PS = 150, 193, 46, 86  # S to O; S to CO7 to next; a block; CI to O
DSP_PS = 1510  # DSP48E2, A to P without inner registers
FLIP_FLOP_PS = 150  # clock to Q 77, setup 25, LUT to flip-flop hop 50
UNCERTAINTY = 0.27  # part of the period kept back, as Vitis HLS does by default

_BLOCK_COST = 129  # LUTs that Yosys' memory mapper gives up for one RAMB18
_RAMB18_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
_URAM_SHAPE = (4096, 72)
_SRL_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """Resources of a primitive, its combinational delay, and clock cycles of registers that it cannot do without."""

    resources: Resources = field(default_factory=Resources)
    delay_ps: int = 0
    clocks: int = 0

    def __mul__(self, copies: int) -> Cost:
        """That many side by side."""
        return Cost(copies * self.resources, self.delay_ps, self.clocks)

    __rmul__ = __mul__

    def then(self, other: Cost) -> Cost:
        """This one feeding the other."""
        return Cost(self.resources + other.resources, self.delay_ps + other.delay_ps, self.clocks + other.clocks)

    def beside(self, other: Cost) -> Cost:
        """Both in parallel: the slower one counts."""
        return Cost(
            self.resources + other.resources, max(self.delay_ps, other.delay_ps), max(self.clocks, other.clocks)
        )

    def stages(self, clock_mhz: float) -> int:
        """Pipeline registers that the primitive needs at this clock."""
        return self.clocks + math.ceil(self.delay_ps / usable_ps(clock_mhz))


def usable_ps(clock_mhz: float) -> float:
    """Picoseconds of logic and nets between two registers."""
    return 1e6 / clock_mhz * (1 - UNCERTAINTY) - FLIP_FLOP_PS


def adder(bits: int) -> Cost:
    """Sum or difference of two numbers of ``bits``. Yosys: add 8, 12, 16, 24 -> as many LUTs."""
    return Cost(Resources(lut=bits), _carry_ps(bits))


def adder_tree(terms: int, bits: int) -> Cost:
    """Sum of ``terms`` numbers of ``bits``, one bit wider at each level. Yosys: 8 terms of 8 bits -> 85 (60 here).

    Yosys merges an unregistered tree into carry-save form, which takes more LUTs than the plain tree.
    """
    cost = Cost()
    while terms > 1:
        level = (terms // 2) * adder(bits)
        cost, terms, bits = cost.then(level), math.ceil(terms / 2), bits + 1
    return cost


def comparator(bits: int) -> Cost:
    """a > b. Yosys: 16 bits -> 11 LUTs."""
    return Cost(Resources(lut=math.ceil(2 * bits / 3)), _carry_ps(bits))


def maximum(bits: int) -> Cost:
    """Larger of two numbers. Yosys: 8 bits -> 16 LUTs, 16 bits -> 27."""
    return comparator(bits).then(Cost(Resources(lut=bits), _lut_ps(1)))


def relu(bits: int) -> Cost:
    """Yosys: 8 bits -> 7 LUTs."""
    return Cost(Resources(lut=max(1, bits - 1)), _lut_ps(1))


def multiplier(a_bits: int, b_bits: int, *, dsp: bool | None = None) -> Cost:
    """Product of two numbers that change; signed widths (an unsigned number counts one bit more).

    By default as Yosys chooses: a DSP48E2 for products of 9 bits or more (2x8, 4x6 and 5x5 do, 4x4 does not).
    """
    if dsp is None:
        dsp = min(a_bits, b_bits) >= 2 and a_bits + b_bits >= 9
    return _dsp_multiplier(a_bits, b_bits) if dsp else _lut_multiplier(a_bits, b_bits)


def _lut_multiplier(a_bits: int, b_bits: int) -> Cost:
    """Yosys: 1x8 -> 8 LUTs, 4x4 -> 26, 6x6 -> 71, 8x8 -> 134, 10x10 -> 243."""
    a_bits, b_bits = min(a_bits, b_bits), max(a_bits, b_bits)
    if a_bits == 1:
        return Cost(Resources(lut=b_bits), _carry_ps(b_bits))
    luts = a_bits * b_bits * (1.2 + 0.06 * (a_bits + b_bits))
    levels = math.ceil(math.log2(a_bits))
    return Cost(Resources(lut=math.ceil(luts)), levels * _carry_ps(a_bits + b_bits))


def _dsp_multiplier(a_bits: int, b_bits: int) -> Cost:
    """One 27x18 slice, or tiles of 26x17 with an adder tree."""
    small, large = min(a_bits, b_bits), max(a_bits, b_bits)
    single = Cost(Resources(dsp=1), NET_PS + DSP_PS)
    if small <= 18 and large <= 27:
        return single
    tiles = min(
        math.ceil(small / 17) * math.ceil(large / 26),
        math.ceil(small / 26) * math.ceil(large / 17),
    )
    return (tiles * single).then(adder_tree(tiles, small + large))


def constant_multiplier(x_bits: int, weight_bits: int) -> Cost:
    """Product with a fixed weight by shifts and adds, for the average weight of this width.

    A canonical signed-digit number of w bits has w/3 + 1/9 digits that are not zero. Shared subexpressions of
    a whole matrix save about a third more (QKV 8 -> 24 and 16 -> 48, 6-bit weights: 12 and 11 LUTs a weight
    with the accumulation).
    """
    additions = max(0.0, weight_bits / 3 + 1 / 9 - 1)
    return Cost(Resources(lut=math.ceil(additions * (x_bits + 2))), math.ceil(additions) * _carry_ps(x_bits + 2))


def constant_matrix(x_bits: int, weights: NDArray[Any]) -> Cost:
    """Products of K inputs with a constant K x N matrix of integers, summed: shifts and adds, one adder a digit.

    Digits are those of the canonical signed-digit form. No subexpression is shared, which a constant-matrix solver
    would do: for QKV 8 -> 24 and 16 -> 48 with 6-bit weights Yosys then needs 12 and 11 LUTs a weight, here it is 19.
    """
    magnitude = np.abs(weights.astype(np.int64))
    digits = np.bitwise_count((3 * magnitude) ^ magnitude).astype(np.int64).sum(axis=0)
    adders = int(np.maximum(digits - 1, 0).sum())
    widest = x_bits + int(magnitude.max(initial=0)).bit_length() + math.ceil(math.log2(max(2, len(weights))))
    bits = math.ceil((x_bits + widest) / 2)  # adders near the inputs are narrow, those near the sum wide
    levels = math.ceil(math.log2(max(2, int(digits.max(initial=0)))))
    return Cost(Resources(lut=adders * bits), levels * _carry_ps(widest))


def requantise(in_bits: int, shift: int) -> Cost:
    """Drop ``shift`` bits, round half-even, saturate. Yosys: 16 by 4 to 8 -> 11 LUTs, 16 by 8 -> 9, 24 by 10 -> 19."""
    kept = max(1, in_bits - shift)
    sticky = math.ceil((shift - 1) / 5) if shift > 1 else 0
    rounding = _lut_ps(1) + _carry_ps(kept) if shift > 0 else 0
    return Cost(Resources(lut=kept + sticky), rounding + _lut_ps(2))


def table(address_bits: int, bits: int) -> Cost:
    """One read port of a table with 2**address_bits entries of ``bits``."""
    return rom(1 << address_bits, bits)


def rom(words: int, bits: int) -> Cost:
    """A read-only memory, in LUTs or block RAM as Yosys chooses.

    Yosys: 64x64 -> 64 LUTs, 256x64 -> 256, 512x8 -> 83, 1024x8 -> 170, 512x32 -> RAMB18, 4096x8 -> RAMB36.
    """
    luts = bits * math.ceil(words / 64)
    blocks = block_rams(words, bits)
    if luts > _BLOCK_COST * blocks:
        return _block_memory(blocks)
    muxes = 1.3 if words > 256 else 1.0  # beyond MUXF8 the selection takes LUTs as well
    return Cost(Resources(lut=math.ceil(luts * muxes)), _rom_ps(words))


def ram(words: int, bits: int, *, uram: bool = False) -> Cost:
    """A memory with one write and one read port, in LUTs, block RAM or (on request) UltraRAM.

    Yosys: 32x32 -> 3 RAM32M16 (8 LUTs each), 64x32 -> 5 RAM64M8, 128x32 -> RAMB18.
    """
    if uram:
        depth, width = _URAM_SHAPE
        return Cost(Resources(uram=math.ceil(words / depth) * math.ceil(bits / width)), NET_PS, clocks=2)
    luts = 8 * (math.ceil(bits / 14) if words <= 32 else math.ceil(words / 64) * math.ceil(bits / 7))
    blocks = block_rams(words, bits)
    if 2 * luts > _BLOCK_COST * blocks:
        return _block_memory(blocks)
    return Cost(Resources(lut=luts), _rom_ps(words))


def fifo(depth: int, bits: int) -> Resources:
    """A first-word-fall-through FIFO: flip-flops for one place, shift registers to 32, memory beyond.

    Two counters (read position and credit) and the handshake come on top. A mere counter has 0 bits.
    """
    counter = depth.bit_length()
    control = Resources(lut=2 * counter + 2, ff=2 * counter)
    if depth == 1:
        return control + Resources(ff=bits)
    if depth <= _SRL_DEPTH:
        return control + Resources(lut=bits)
    return control + ram(depth, bits).resources + Resources(ff=bits)


def delay_line(bits: int, cycles: int) -> Resources:
    """``bits`` carried along for ``cycles``: flip-flops, or a shift register from three cycles on."""
    if cycles < 3:
        return Resources(ff=bits * cycles)
    return Resources(lut=bits * math.ceil((cycles - 1) / _SRL_DEPTH), ff=bits)


def tree_registers(terms: int, bits: int, stages: int) -> Resources:
    """Flip-flops of an adder tree that is cut into ``stages``, the last one behind the sum."""
    levels = math.ceil(math.log2(terms)) if terms > 1 else 0
    cuts = (math.ceil(levels * stage / stages) for stage in range(1, stages + 1))
    return Resources(ff=sum(math.ceil(terms / 2**level) * (bits + level) for level in cuts))


def block_rams(words: int, bits: int) -> int:
    """RAMB18 of a memory under the best of the shapes 16Kx1 .. 512x36."""
    return min(math.ceil(words / depth) * math.ceil(bits / width) for depth, width in _RAMB18_SHAPES)


def _block_memory(blocks: int) -> Cost:
    """Address register and output register: two clocks."""
    return Cost(Resources(bram18=blocks), NET_PS, clocks=2)


def _lut_ps(levels: int) -> int:
    return levels * (NET_PS + LUT_PS)


def _carry_ps(bits: int) -> int:
    """A LUT and a carry chain, eight bits to a CARRY8."""
    blocks = math.ceil(bits / 8)
    chain = CARRY8_PS if blocks <= 1 else CARRY_IN_PS + CARRY_THROUGH_PS * (blocks - 2) + CARRY_OUT_PS
    return _lut_ps(1) + chain


def _rom_ps(words: int) -> int:
    """A LUT holds 6 address bits, MUXF7 and MUXF8 add one each, further LUTs select among four each."""
    address = max(1, (words - 1).bit_length())
    selecting = math.ceil(max(0, address - 8) / 2)
    return _lut_ps(1 + selecting) + MUXF_PS * min(2, max(0, address - 6))
