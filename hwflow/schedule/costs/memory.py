"""Tables and memories: in LUTs, block RAM, UltraRAM or flip-flops."""

from __future__ import annotations

import math

from hwflow.schedule.costs.cost import BLOCK_RAM_SETUP_PS, LUT6_PS, LUT_RAM_PS, MUXF_PS, NET_PS, Cost
from hwflow.schedule.costs.logic import lut_ps
from hwflow.schedule.resources import Resources

_BLOCK_COST = 129  # LUTs that Yosys' memory mapper gives up for one RAMB18
_RAMB18_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
_URAM_SHAPE = (4096, 72)
TABLE_IN_LUTS = 10  # address bits up to which a table is read at once, without the two clocks of a block RAM
_FLIP_FLOP_BITS = 16  # a memory of no more lies in flip-flops


def table(address_bits: int, bits: int) -> Cost:
    """One read port of a table with 2**address_bits entries of ``bits``.

    Yosys seeks the logic of a smooth function, which may be slower than the selection in a memory: an exponential
    of 7 bits -> 960 ps, of 8 -> 890, of 10 -> 1,230; random contents of 8 bits -> 520.
    """
    if address_bits > TABLE_IN_LUTS:
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
    return Cost(Resources(lut=luts + selecting), NET_PS + LUT_RAM_PS + (lut_ps(1) if rows > 1 else 0))


def small_ram(words: int, bits: int) -> Resources:
    """A memory in LUTs, or in flip-flops where so few bits make that cheaper, or in block RAM."""
    if words * bits <= _FLIP_FLOP_BITS:
        return Resources(lut=bits + words, ff=words * bits) if bits else Resources()
    return ram(words, bits).resources


def block_rams(words: int, bits: int) -> int:
    """RAMB18 of a memory under the best of the shapes 16Kx1 .. 512x36."""
    return min(math.ceil(words / depth) * math.ceil(bits / width) for depth, width in _RAMB18_SHAPES)


def _block_memory(blocks: int) -> Cost:
    """Address register and output register: two clocks. The delay is that before the address."""
    return Cost(Resources(bram18=blocks), NET_PS + BLOCK_RAM_SETUP_PS, clocks=2)


def _rom_ps(words: int) -> int:
    """A LUT holds 6 address bits, MUXF7 and MUXF8 add one each, further LUTs select among four each."""
    address = max(1, (words - 1).bit_length())
    selecting = math.ceil(max(0, address - 8) / 2)
    return NET_PS + LUT6_PS + lut_ps(selecting) + MUXF_PS * min(2, max(0, address - 6))
