"""What holds beats or counts them: FIFOs, buffers of tokens and frames, delay lines, counters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hwflow.schedule.costs.cost import Cost
from hwflow.schedule.costs.logic import choice
from hwflow.schedule.costs.memory import BLOCK_COST, block_ps, block_rams, ram, small_ram
from hwflow.schedule.resources import Resources, total

RING_CYCLES = 8  # from which on a value is carried along in memory


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


def actor(firings: int, cycles: int) -> Resources:
    """Counters of the steps and firings of a kernel. Yosys: 1 x 4 -> 6 LUTs, 8 x 1 -> 2, 8 x 4 -> 8, 15 x 16 -> 11."""
    bits = (firings - 1).bit_length() + (cycles - 1).bit_length()
    return Resources(lut=6 * (cycles > 1) + 3 * (firings > 1), ff=bits)


def token_buffer(token_bits: int, words: int, banks: int, parts: int, queries: int) -> Cost:
    """Two halves of ``words`` tokens in each of ``banks`` memories, a part of a token chosen behind each; counters.

    The delay is that of a read; of a block RAM, which is read ahead, what it takes after the clock. Yosys, 64 bits:
    24 words, 1 bank, 4 parts -> 120 LUTs; 96 words, 32 parts -> 2 RAMB18, 47 LUTs; 1 word, 8 banks, 16 parts -> 463.
    """
    memory, chosen = ram(2 * words, token_bits), choice(parts)
    sizes = (2 * words, 2 * words, banks, parts, queries)
    bits = sum((size - 1).bit_length() for size in sizes)
    resources = banks * (small_ram(2 * words, token_bits) + token_bits // parts * chosen.resources)
    delay = block_ps(2 * words) if memory.resources.bram18 else memory.delay_ps
    return Cost(resources + Resources(lut=bits, ff=bits), delay + chosen.delay_ps)


def window(places: int, bits: int, counters: int) -> Resources:
    """A ring of ``places`` pixels of ``bits``, and the counters, bits in all, of a window that moves over it.

    Yosys: 3x3 on 112 x 112 pixels of 32 bits -> 2 RAMB18, 121 LUTs and 80 flip-flops; a ring that is no power of two
    has to wrap round.
    """
    memory = ram(places, bits).resources
    register = 0 if memory.bram18 else bits
    wrapping = (places - 1).bit_length() - ((places & -places).bit_length() - 1)
    return memory + Resources(lut=round(1.1 * counters) + 5 * wrapping, ff=counters + register)


def frame_buffer(token_bits: int, tokens: int, parts: int, passes: int) -> Cost:
    """Two frames of tokens with a register behind, a part of a token chosen from it, and counters."""
    memory, chosen = small_ram(2 * tokens, token_bits), choice(parts)
    address, index = (2 * tokens - 1).bit_length(), (parts - 1).bit_length() + (passes - 1).bit_length()
    counters = Resources(lut=4 * address + 2 * index, ff=2 * address + index)
    register = Resources(ff=0 if memory.bram18 else token_bits)
    delay = block_ps(2 * tokens) if memory.bram18 else 0
    resources = memory + token_bits // parts * chosen.resources + counters + register
    return Cost(resources, delay + chosen.delay_ps)


def delay_line(bits: int, cycles: int) -> Resources:
    """``bits`` carried along for ``cycles``: flip-flops, or a ring in memory from 8 cycles on, for more than 4 bits.

    The ring reads and writes at one address: 16 bits of 32 words, or 8 of 64, take 8 LUTs; a large one lies in block
    RAM (`delay_in_block`). Yosys: 8 x 64 -> 34 LUTs and 67 flip-flops, 34 x 64 -> 67 and 70.
    """
    if cycles < RING_CYCLES or bits <= 4:
        return Resources(ff=bits * cycles)
    counter = Resources(lut=3, ff=bits + (cycles - 2).bit_length())
    if delay_in_block(bits, cycles):
        return counter + Resources(bram18=block_rams(cycles - 2, bits))
    return counter + Resources(lut=_ring_luts(bits, cycles - 1))


def delay_in_block(bits: int, cycles: int) -> bool:
    """Whether the ring of a delay is so large that a block RAM is worth it."""
    return 2 * _ring_luts(bits, cycles - 1) > BLOCK_COST * block_rams(cycles - 2, bits)


def _ring_luts(bits: int, words: int) -> int:
    return 8 * (math.ceil(bits / 16) if words <= 32 else math.ceil(words / 64) * math.ceil(bits / 8))


def tree_registers(terms: int, bits: int, stages: int) -> Resources:
    """Flip-flops of an adder tree that is cut into ``stages``, the last one behind the sum."""
    levels = math.ceil(math.log2(terms)) if terms > 1 else 0
    cuts = (math.ceil(levels * stage / stages) for stage in range(1, stages + 1))
    return Resources(ff=sum(math.ceil(terms / 2**level) * (bits + level) for level in cuts))
