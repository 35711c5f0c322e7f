"""Beats that came out against golden integers, bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.verify.cosim.beats import Stream, Words, pack, unpack
from hwflow.verify.cosim.result import StreamParity, WrongValue


@dataclass(frozen=True, slots=True)
class KernelPorts:
    """A kernel and the channels it reads and writes."""

    name: str
    sources: tuple[str, ...]
    sinks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``wrong_bits`` counts those above the last element too, which are to be zero."""

    parity: StreamParity
    wrong_bits: int
    first: WrongValue | None


def compare(channel: str, kernel: str, found: Words, golden: Stream) -> Comparison:
    """Compare the beats (any number, words) that came with as many golden ones."""
    expected = pack(golden).reshape(-1, golden.words)
    count = min(len(found), len(expected))
    different = found[:count] ^ expected[:count]
    rows = np.flatnonzero(different.any(axis=1))
    bits = int(np.bitwise_count(different[rows]).sum())
    if not len(rows):
        return Comparison(StreamParity(channel, count * golden.elements, 0), 0, None)
    got = unpack(found[rows], golden.elements, golden.type)
    wanted = golden.values.reshape(-1, golden.elements)[rows]
    wrong = got != wanted
    element = int(np.argmax(wrong[0]))  # 0 if only bits above the last element differ
    frame, beat = divmod(int(rows[0]), golden.beats)
    first = WrongValue(kernel, channel, frame, beat, element, int(got[0, element]), int(wanted[0, element]))
    return Comparison(StreamParity(channel, count * golden.elements, int(wrong.sum())), bits, first)


def producers(kernels: Sequence[KernelPorts]) -> Mapping[str, str]:
    """Channel -> the kernel that writes it, in the order of the graph."""
    return {channel: kernel.name for kernel in kernels for channel in kernel.sinks}


def in_graph_order(comparisons: Sequence[Comparison], kernels: Sequence[KernelPorts]) -> Iterator[WrongValue]:
    """The first wrong value of each channel that has one, producers first."""
    order = {channel: index for index, channel in enumerate(producers(kernels))}
    ordered = sorted(comparisons, key=lambda comparison: order.get(comparison.parity.channel, -1))
    return (comparison.first for comparison in ordered if comparison.first)
