"""Read-only memories, whose contents are known: in LUTs or block RAM."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.graph import IntArray
from hwflow.schedule.costs.cost import LUT6_PS, MUXF_PS, NET_PS, Cost
from hwflow.schedule.costs.logic import lut_ps
from hwflow.schedule.costs.memory import BLOCK_COST, block_memory, block_rams
from hwflow.schedule.resources import Resources

TABLE_IN_LUTS = 10  # address bits up to which a table is read at once, without the two clocks of a block RAM
_SLICE = 64  # words of a LUT6
_LUT_INPUTS = 6
_GROUP = 4  # slices that MUXF7 and MUXF8 choose among
_SAMPLE = 48  # words that mostly tell all bits apart
Bits = NDArray[np.bool_]


def table(words: IntArray, width: int) -> Cost:
    """A number for each value of the address: ``words`` (count, lanes), of ``width`` bits each."""
    return rom(words, width) if len(words) > 1 << TABLE_IN_LUTS else _in_luts(words, width)


def rom(words: IntArray, width: int, *, blocks: bool = False) -> Cost:
    """``words`` (count, lanes) in LUTs or block RAM as Yosys' memory mapper chooses, or in ``blocks`` on request."""
    bits, count = varying_bits(words, width), len(words)
    rams = block_rams(count, bits)
    if blocks or bits * math.ceil(count / _SLICE) > BLOCK_COST * rams:
        return block_memory(rams)
    return _in_luts(words, width)


def varying_bits(words: IntArray, width: int) -> int:
    """Bits of a word (count, lanes) that are no constant, each one that equals another counted once."""
    if len(words) > _SAMPLE and (found := varying_bits(words[:_SAMPLE], width)) == words.shape[1] * width:
        return found  # bits that differ in a few words differ in all of them
    return max(1, len(_varying(words, width)))


def _in_luts(words: IntArray, width: int) -> Cost:
    """A LUT6 for each bit of 64 words, MUXF7 and MUXF8 for up to 256, LUTs above: see ``synthesis/rom.v``."""
    bits = _varying(words, width)
    if len(words) <= _SLICE // 2:
        return Cost(Resources(lut=len(bits)), NET_PS + LUT6_PS)
    slices = _slices(bits)
    changing = (slices != slices[..., :1]).any(axis=2)
    luts, in_groups = _choosing(changing)
    among_groups = math.ceil((math.ceil(slices.shape[1] / _GROUP) - 1).bit_length() / 2)
    muxes = (slices.shape[1] > 1) + (slices.shape[1] > 2) - in_groups
    delay = NET_PS + LUT6_PS + muxes * MUXF_PS + lut_ps(in_groups + among_groups)
    return Cost(Resources(lut=_lookups(slices, changing) + luts), delay)


def _varying(words: IntArray, width: int) -> Bits:
    """The bits (distinct, count) of all lanes that are no constants, each once."""
    octets = words.astype("<i8")[..., None].view(np.uint8)[..., : -(-width // 8)]
    bits = np.unpackbits(octets, axis=-1, bitorder="little")[..., :width].reshape(len(words), -1).T
    return _distinct(bits[(bits != bits[:, :1]).any(axis=1)].astype(np.bool_))


def _distinct(rows: Bits) -> Bits:
    """Each row once."""
    packed = np.packbits(rows, axis=1)
    whole = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    return rows[np.unique(whole, return_index=True)[1]]


def _slices(bits: Bits) -> Bits:
    """(bits, slices, 64), zeros behind the last word, in whole groups where there are more than two slices."""
    count = math.ceil(bits.shape[1] / _SLICE)
    count = count if count <= 2 else _GROUP * math.ceil(count / _GROUP)
    padded = np.zeros((len(bits), count * _SLICE), np.bool_)
    padded[:, : bits.shape[1]] = bits
    return padded.reshape(len(bits), count, _SLICE)


def _lookups(slices: Bits, changing: Bits) -> int:
    """LUTs of the slices: none for one that is not ``changing``, one for those of several bits that are equal."""
    return sum(len(_distinct(slices[where, number])) for number, where in enumerate(changing.T))


def _choosing(changing: Bits) -> tuple[int, bool]:
    """LUTs that choose a slice of each bit, and whether some do so among four, where MUXF7 and MUXF8 cannot.

    ``changing`` (bits, slices): whether a slice is no constant.
    """
    count = changing.shape[1]
    if count <= 2:
        luts = int((~changing.all(axis=1)).sum()) if count == 2 else 0
        return luts, luts > 0
    groups = changing.reshape(len(changing), count // _GROUP, _GROUP)
    whole = np.asarray(groups.all(axis=2))
    pairs = groups.reshape(*whole.shape, 2, 2).all(axis=3).sum(axis=2)
    found = np.where(whole, 1, groups.sum(axis=2) - pairs)  # what LUTs choose among
    above = (whole.shape[1] - 1).bit_length()  # bits of the address
    address = (~whole).any(axis=1) * 2 + above
    at_once = found.sum(axis=1) + address <= _LUT_INPUTS
    several = (~whole & (found > 0)).sum(axis=1) + math.ceil((whole.shape[1] - 1) / 3)
    luts = int(np.where(at_once, address > 0, several).sum())
    return luts, bool((~whole[~at_once | (above == 0)]).any())
