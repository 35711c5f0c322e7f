"""Estimated resources and delays of the primitives that kernels are made of (UltraScale+, speed grade -2).

Counts and delays are fitted to what Yosys 0.70 and the timing estimate find for single instances, with 200 ps for
each net; ``benchmarks/bench_primitives.py`` prints both side by side. A delay is what the primitive adds to a path
between two registers. Estimates, never post-route figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.schedule.resources import Resources, total

NET_PS, LUT_PS, MUXF_PS = 200, 125, 95
LUT6_PS, LUT_RAM_PS = 150, 165  # by the slowest pin
CARRY_S_PS, CARRY_O_PS, CARRY_WIRE_PS = 65, 30, 26  # LUT2 and wire to S; O to the fabric; to the next CARRY8
CARRY_S_OUT_PS, CARRY_THROUGH_PS = 199, 23  # CARRY8: S0 to CO7, CI to CO7
CARRY_FIRST_PS = (65, 96, 134, 139, 206, 240, 240, 241)  # S0 to the slowest of O0 .. O<n>
CARRY_LAST_PS = (56, 76, 76, 82, 86, 116, 116, 116)  # CI to the slowest of O0 .. O<n>
TABLE_IN_KERNEL = 1.6  # LUTs of a table beside those of the table alone: the mapper trades spare time for small LUTs
TABLE_BEFORE_DSP_PS = (
    1000  # what it makes a table in front of a DSP48E2 slower: the time through that is not known to it
)
TREE_LEVEL_PS = 455  # what a further level of an adder tree adds, its net included
DSP_PS = 1560  # DSP48E2, B to P without inner registers
BEHIND_BLOCK_PS = 250  # net and slice input before a register that follows a hard block at once
BLOCK_RAM_PS = 926 + BEHIND_BLOCK_PS  # clock to output without output register, less clock to Q of a flip-flop
BLOCK_RAM_SETUP_PS = 320  # more than a flip-flop needs
FLIP_FLOP_PS = 150  # clock to Q 77, setup 25, LUT to flip-flop hop 50
UNCERTAINTY = 0.27  # part of the period kept back, as Vitis HLS does by default

_BLOCK_COST = 129  # LUTs that Yosys' memory mapper gives up for one RAMB18
_RAMB18_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
_URAM_SHAPE = (4096, 72)
_TABLE_IN_LUTS = 10  # address bits up to which a table is read at once, without the two clocks of a block RAM
_FLIP_FLOP_BITS = 16  # a memory of no more lies in flip-flops
RING_CYCLES = 8  # from which on a value is carried along in memory


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
    """Sum or difference of ``bits``. Yosys: 8 + 8 -> 8 LUTs, 16 + 16 -> 16, 16 - 16 -> 17."""
    return Cost(Resources(lut=bits), _sum_ps(bits))


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


def maximum(bits: int) -> Cost:
    """Larger of two numbers. Yosys: 8 bits -> 14 LUTs, 16 -> 28, 24 -> 40."""
    return comparator(bits).then(Cost(Resources(lut=bits), NET_PS + LUT_PS // 2))


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
    """Yosys: 1x8 -> 8 LUTs, 2x4 -> 8, 3x3 -> 8, 4x4 -> 26, 6x6 -> 71, 8x8 -> 134, 10x10 -> 243."""
    a_bits, b_bits = min(a_bits, b_bits), max(a_bits, b_bits)
    if a_bits == 1:
        return Cost(Resources(lut=b_bits), _sum_ps(b_bits))
    if a_bits + b_bits <= 6:
        return Cost(Resources(lut=a_bits + b_bits + 2), NET_PS + LUT_PS + _sum_ps(b_bits) - CARRY_S_PS)
    luts = a_bits * b_bits * (1.2 + 0.06 * (a_bits + b_bits))
    levels = math.ceil(math.log2(a_bits))
    return Cost(Resources(lut=math.ceil(luts)), levels * _sum_ps(a_bits + b_bits))


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


def constant_multiplier(x_bits: int, weight_bits: int) -> Cost:
    """Product with a fixed weight by shifts and adds, for the average weight of this width.

    A canonical signed-digit number of w bits has w/3 + 1/9 digits that are not zero. Shared subexpressions of
    a whole matrix save about a third more (QKV 8 -> 24 and 16 -> 48, 6-bit weights: 12 and 11 LUTs a weight
    with the accumulation).
    """
    additions = max(0.0, weight_bits / 3 + 1 / 9 - 1)
    return Cost(Resources(lut=math.ceil(additions * (x_bits + 2))), math.ceil(additions) * _sum_ps(x_bits + 2))


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
    return Cost(Resources(lut=adders * bits), levels * _sum_ps(widest))


def requantise(in_bits: int, shift: int, bits: int) -> Cost:
    """Drop ``shift`` bits, round half-even, saturate to ``bits``.

    Yosys: 16 by 4 to 8 -> 15 LUTs, 16 by 8 to 8 -> 9, 24 by 10 to 8 -> 15, 32 by 16 to 16 -> 22, 16 by 0 to 8 -> 13.
    """
    kept = max(1, in_bits - shift)
    over = max(0, kept - bits)
    limiting = Cost(Resources(lut=max(1, bits - 1) + math.ceil(0.6 * over)), min(3, 1 + math.ceil(over / 4)) * 250)
    return _rounding(kept, shift).then(limiting) if shift > 0 else limiting


def rounding(kept: int, shift: int) -> Resources:
    """LUTs of what the bits dropped say, without any limit behind it."""
    return _rounding(kept, shift).resources if shift > 0 else Resources()


def _rounding(kept: int, shift: int) -> Cost:
    """The bits dropped decide on the carry into those kept."""
    levels = 1 + (shift > 5) + (shift > 10)
    luts = (0, 1, 2, math.ceil(0.44 * shift))[levels]
    chain = 160 + (math.ceil(kept / 8) - 1) * (CARRY_WIRE_PS + CARRY_THROUGH_PS)
    return Cost(Resources(lut=luts), _lut_ps(1) + (levels - 1) * 250 + NET_PS + chain + CARRY_O_PS)


def table(address_bits: int, bits: int) -> Cost:
    """One read port of a table with 2**address_bits entries of ``bits``.

    Yosys seeks the logic of a smooth function, which may be slower than the selection in a memory: an exponential
    of 7 bits -> 960 ps, of 8 -> 890, of 10 -> 1,230; random contents of 8 bits -> 520.
    """
    if address_bits > _TABLE_IN_LUTS:
        return rom(1 << address_bits, bits)
    memory = _lut_memory(1 << address_bits, bits)
    return memory if address_bits <= 6 else Cost(memory.resources, 910 + 160 * max(0, address_bits - 8))


def rom(words: int, bits: int, *, blocks: bool = False) -> Cost:
    """A read-only memory of any contents, in LUTs or block RAM as Yosys chooses, or in ``blocks`` on request.

    Yosys: 64x64 -> 64 LUTs, 75x64 -> 320 to 400, 128x112 -> 490, 144x20 -> 86, 200x31 -> 370, 1000x8 -> 380,
    512x32 -> RAMB18.
    """
    count = block_rams(words, bits)
    if blocks or bits * math.ceil(words / 64) > _BLOCK_COST * count:
        return _block_memory(count)
    each = 1.0 if words <= 64 else 4.1 if words <= 128 else words / 20  # numbers without structure are mapped badly
    return Cost(Resources(lut=math.ceil(bits * each)), _rom_ps(words))


def _lut_memory(words: int, bits: int) -> Cost:
    luts = bits * math.ceil(words / 64)
    muxes = 1.3 if words > 256 else 1.0  # beyond MUXF8 the selection takes LUTs as well
    return Cost(Resources(lut=math.ceil(luts * muxes)), _rom_ps(words))


def ram(words: int, bits: int, *, uram: bool = False) -> Cost:
    """A memory with one write and one read port, in LUTs, block RAM or (on request) UltraRAM.

    Yosys: 32x32 -> 3 RAM32M16 (8 LUTs each), 64x32 -> 5 RAM64M8, 256x8 -> 8 RAM64M8 and 12 LUTs, 128x32 -> RAMB18.
    """
    if uram:
        depth, width = _URAM_SHAPE
        return Cost(Resources(uram=math.ceil(words / depth) * math.ceil(bits / width)), NET_PS, clocks=2)
    rows = math.ceil(words / 64)
    luts = 8 * (math.ceil(bits / 14) if words <= 32 else rows * math.ceil(bits / 7))
    blocks = block_rams(words, bits)
    if 2 * luts > _BLOCK_COST * blocks:
        return _block_memory(blocks)
    selecting = bits * math.ceil((rows - 1) / 3) + rows if rows > 1 else 0
    return Cost(Resources(lut=luts + selecting), NET_PS + LUT_RAM_PS + (_lut_ps(1) if rows > 1 else 0))


def fifo(depth: int, bits: int) -> Resources:
    """A first-word-fall-through FIFO with credits: flip-flops for one place, else a ring in memory.

    Yosys, without the memory: 1 place -> 2 LUTs and 2 flip-flops, 4 -> 21 and 14, 16 -> 31 and 24, 64 -> 42 and 34.
    The read address is there twice, as the memory's own register. Block RAM takes a register and a choice for a word
    that is read as it is written: 100 x 64 -> 124 LUTs, 95 flip-flops, 2 RAMB18. A mere counter has 0 bits.
    """
    if depth == 1:
        return Resources(lut=2, ff=2 + bits)
    address, count = (depth - 1).bit_length(), depth.bit_length()
    control = Resources(lut=9 if depth == 2 else 5 * address + 11, ff=3 * address + 2 * count + 2)
    memory = small_ram(depth, bits)
    bypass = Resources(lut=bits + 15, ff=bits) if memory.bram18 else Resources()
    return control + memory + bypass


def fifos(depths: Sequence[int], bits: int) -> Resources:
    """The FIFOs behind one kernel, all written with the same words: in one place, or past a block RAM, registered once.

    Yosys: 101 and 107 x 64, and two of 2 -> 144 flip-flops; two of 1 x 128 -> 134.
    """
    single = sum(depth == 1 for depth in depths)
    blocks = sum(depth > 1 and small_ram(depth, bits).bram18 > 0 for depth in depths)
    shared = max(0, single - 1) + max(0, blocks - 1)
    return Resources(ff=-bits * shared) + total(fifo(depth, bits) for depth in depths)


def small_ram(words: int, bits: int) -> Resources:
    """A memory in LUTs, or in flip-flops where so few bits make that cheaper, or in block RAM."""
    if words * bits <= _FLIP_FLOP_BITS:
        return Resources(lut=bits + words, ff=words * bits) if bits else Resources()
    return ram(words, bits).resources


def actor(firings: int, cycles: int) -> Resources:
    """Counters of the steps and firings of a kernel. Yosys: 1 x 4 -> 6 LUTs, 8 x 1 -> 2, 8 x 4 -> 8, 15 x 16 -> 11."""
    bits = (firings - 1).bit_length() + (cycles - 1).bit_length()
    return Resources(lut=6 * (cycles > 1) + 3 * (firings > 1), ff=bits)


def token_buffer(token_bits: int, words: int, banks: int, parts: int) -> Resources:
    """Two halves of ``words`` tokens in each of ``banks`` memories, a part of a token chosen behind each."""
    bank = small_ram(2 * words, token_bits)
    choice = Resources(lut=math.ceil(token_bits / parts * (parts - 1) / 2)) if parts > 1 else Resources()
    return banks * (bank + choice)


def window(places: int, bits: int, counters: int) -> Resources:
    """A ring of ``places`` pixels of ``bits``, and the counters, bits in all, of a window that moves over it.

    Yosys: 3x3 on 112 x 112 pixels of 32 bits -> 2 RAMB18, 121 LUTs and 80 flip-flops; a ring that is no power of two
    has to wrap round.
    """
    memory = ram(places, bits).resources
    register = 0 if memory.bram18 else bits
    wrapping = (places - 1).bit_length() - ((places & -places).bit_length() - 1)
    return memory + Resources(lut=round(1.1 * counters) + 5 * wrapping, ff=counters + register)


def frame_buffer(token_bits: int, tokens: int, parts: int, passes: int) -> Resources:
    """Two frames of tokens with a register behind, a part of a token chosen from it, and counters."""
    memory = small_ram(2 * tokens, token_bits)
    choice = Resources(lut=math.ceil(token_bits / parts * (parts - 1) / 2)) if parts > 1 else Resources()
    address, index = (2 * tokens - 1).bit_length(), (parts - 1).bit_length() + (passes - 1).bit_length()
    counters = Resources(lut=4 * address + 2 * index, ff=2 * address + index)
    return memory + choice + counters + Resources(ff=0 if memory.bram18 else token_bits)


def delay_line(bits: int, cycles: int) -> Resources:
    """``bits`` carried along for ``cycles``: flip-flops, or a ring in memory from 8 cycles on, for more than 4 bits.

    The ring reads and writes at one address: 16 bits of 32 words, or 8 of 64, take 8 LUTs. Yosys: 8 x 64 -> 34 LUTs
    and 67 flip-flops, 34 x 64 -> 67 and 70.
    """
    if cycles < RING_CYCLES or bits <= 4:
        return Resources(ff=bits * cycles)
    words = cycles - 1
    luts = 8 * (math.ceil(bits / 16) if words <= 32 else math.ceil(words / 64) * math.ceil(bits / 8))
    return Resources(lut=luts + 3, ff=bits + (words - 1).bit_length())


def tree_registers(terms: int, bits: int, stages: int) -> Resources:
    """Flip-flops of an adder tree that is cut into ``stages``, the last one behind the sum."""
    levels = math.ceil(math.log2(terms)) if terms > 1 else 0
    cuts = (math.ceil(levels * stage / stages) for stage in range(1, stages + 1))
    return Resources(ff=sum(math.ceil(terms / 2**level) * (bits + level) for level in cuts))


def block_rams(words: int, bits: int) -> int:
    """RAMB18 of a memory under the best of the shapes 16Kx1 .. 512x36."""
    return min(math.ceil(words / depth) * math.ceil(bits / width) for depth, width in _RAMB18_SHAPES)


def _block_memory(blocks: int) -> Cost:
    """Address register and output register: two clocks. The delay is that before the address."""
    return Cost(Resources(bram18=blocks), NET_PS + BLOCK_RAM_SETUP_PS, clocks=2)


def _lut_ps(levels: int) -> int:
    return levels * (NET_PS + LUT_PS)


def _sum_ps(bits: int) -> int:
    """A LUT of two inputs and a carry chain, eight bits to a CARRY8, to a sum in the fabric."""
    blocks = math.ceil(bits / 8)
    if blocks <= 1:
        return NET_PS + CARRY_S_PS + CARRY_FIRST_PS[max(1, bits) - 1] + CARRY_O_PS
    last = (blocks - 2) * (CARRY_WIRE_PS + CARRY_THROUGH_PS) + CARRY_LAST_PS[(bits - 1) % 8]
    full = (blocks - 3) * (CARRY_WIRE_PS + CARRY_THROUGH_PS) + CARRY_LAST_PS[7]  # of the block before
    chain = CARRY_S_OUT_PS + CARRY_WIRE_PS + (max(last, full) if blocks > 2 else last)
    return NET_PS + CARRY_S_PS + chain + CARRY_O_PS


def _rom_ps(words: int) -> int:
    """A LUT holds 6 address bits, MUXF7 and MUXF8 add one each, further LUTs select among four each."""
    address = max(1, (words - 1).bit_length())
    selecting = math.ceil(max(0, address - 8) / 2)
    return NET_PS + LUT6_PS + _lut_ps(selecting) + MUXF_PS * min(2, max(0, address - 6))
