"""Memories that are written: in LUTs, block RAM, UltraRAM or flip-flops."""

from __future__ import annotations

import math

from hwflow.schedule.costs.cost import BLOCK_RAM_PS, BLOCK_RAM_SETUP_PS, LUT_RAM_PS, NET_PS, Cost
from hwflow.schedule.costs.logic import lut_ps
from hwflow.schedule.resources import Resources

BLOCK_COST = 129  # LUTs that Yosys' memory mapper gives up for one RAMB18
_RAMB18_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
_URAM_SHAPE = (4096, 72)
_DEEPEST = 32768  # words of a bit that two RAMB18 in one make
_FLIP_FLOP_BITS = 16  # a memory of no more lies in flip-flops


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
    if 2 * luts > BLOCK_COST * blocks:
        return block_memory(blocks)
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


def block_ps(words: int) -> int:
    """From the clock to a word of a block RAM. Yosys chooses among more words than ``_DEEPEST`` in four levels."""
    return BLOCK_RAM_PS + (lut_ps(4) if words > _DEEPEST else 0)


def block_memory(blocks: int) -> Cost:
    """Address register and output register: two clocks. The delay is that before the address."""
    return Cost(Resources(bram18=blocks), NET_PS + BLOCK_RAM_SETUP_PS, clocks=2)
