"""Integers to the bits of a beat and back: element i lies in bits [i * width, (i + 1) * width)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType

Words = npt.NDArray[np.uint32]
Bits = npt.NDArray[Any]
_CHUNK_BITS = 1 << 26


@dataclass(frozen=True)
class Stream:
    """What a channel carries: integers (frames, beats, elements) of one type."""

    values: IntArray
    type: FixedType

    @property
    def frames(self) -> int:
        return int(self.values.shape[0])

    @property
    def beats(self) -> int:
        """Beats of a frame."""
        return int(self.values.shape[1])

    @property
    def elements(self) -> int:
        """Elements of a beat."""
        return int(self.values.shape[2])

    @property
    def words(self) -> int:
        """32-bit words of a beat."""
        return words_of(self.elements * self.type.width)


def words_of(bits: int) -> int:
    """32-bit words for so many bits."""
    return -(-bits // 32)


def pack(stream: Stream) -> Words:
    """Words (frames, beats, words), zeros above the last element."""
    rows = stream.values.reshape(-1, stream.elements)
    out = np.empty((len(rows), stream.words), np.uint32)
    step = max(1, _CHUNK_BITS // (64 * stream.elements))
    for start in range(0, len(rows), step):
        out[start : start + step] = _pack(rows[start : start + step], stream.type.width, stream.words)
    return out.reshape(stream.frames, stream.beats, stream.words)


def _pack(rows: IntArray, width: int, words: int) -> Words:
    raw = np.ascontiguousarray(rows, "<i8").view(np.uint8).reshape(*rows.shape, 8)
    bits = np.unpackbits(raw, axis=-1, count=width, bitorder="little").reshape(len(rows), -1)
    padded = np.zeros((len(rows), 32 * words), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=-1, bitorder="little").view("<u4")


def unpack(words: Words, elements: int, type: FixedType) -> IntArray:
    """Integers (..., elements) of words (..., words)."""
    flat = np.ascontiguousarray(words, "<u4").view(np.uint8).reshape(-1, 4 * words.shape[-1])
    bits = np.unpackbits(flat, axis=-1, bitorder="little")[:, : elements * type.width]
    fields = bits.reshape(-1, elements, type.width)
    whole = np.zeros((len(fields), elements, 64), np.uint8)
    whole[..., : type.width] = fields
    if type.signed:
        whole[..., type.width :] = fields[..., -1:]
    values = np.packbits(whole, axis=-1, bitorder="little").view("<i8")
    return values.reshape(*words.shape[:-1], elements).astype(np.int64)
