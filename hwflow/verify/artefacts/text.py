"""Numbers as generated files hold them: C++ initialisers, plain lists, hexadecimal memories, types."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType

_ARRAY = re.compile(r"(\w+)\[(\d+)\] = \{([^}]*)\}")
_TYPE = re.compile(r"typedef ap_(u?)fixed<(\d+),\s*(-?\d+)> (\w+)_t;")
_NIBBLE = np.full(256, 255, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdefABCDEF", np.uint8)] = [*range(16), *range(10, 16)]


class Unreadable(Exception):
    """A generated file that does not hold what it should; the text says what."""


def initialiser(path: Path, name: str, type: FixedType) -> IntArray:
    """The integers of the array ``name`` that a C++ header defines."""
    found = _ARRAY.search(path.read_text())
    if found is None or found[1] != name:
        raise Unreadable(f"no array {name}")
    values = _integers(found[3], type)
    if len(values) != int(found[2]):
        raise Unreadable(f"{len(values)} numbers in an array of {found[2]}")
    return values


def plain(path: Path, type: FixedType) -> IntArray:
    """The integers of a list of decimals with commas."""
    return _integers(path.read_text(), type)


def memory(path: Path, width: int, lanes: int, signed: bool) -> IntArray:
    """Integers (words, lanes) of a memory for $readmemh: a word a line, lane 0 lowest."""
    rows = path.read_bytes().split()
    digits = -(-lanes * width // 4)
    if not rows or {len(row) for row in rows} != {digits}:
        raise Unreadable(f"no words of {lanes} x {width} bits")
    nibbles = _NIBBLE[np.frombuffer(b"".join(rows), np.uint8)].reshape(len(rows), digits)[:, ::-1]
    if (nibbles > 15).any():
        raise Unreadable("something else than hexadecimal digits")
    bits = (nibbles[..., None] >> np.arange(4, dtype=np.uint8) & 1).reshape(len(rows), -1)
    if bits[:, lanes * width :].any():
        raise Unreadable(f"bits above {lanes} x {width}")
    fields = bits[:, : lanes * width].reshape(len(rows), lanes, width)
    weights = 1 << np.arange(width, dtype=np.int64)
    if signed:
        weights[-1] = -weights[-1]
    values: IntArray = fields.astype(np.int64) @ weights
    return values


def cpp_types(path: Path) -> dict[str, tuple[bool, int, int]]:
    """Of every ``name_t``: whether it is signed, its width, and its integer bits."""
    return {name: (not u, int(width), int(integer)) for u, width, integer, name in _TYPE.findall(path.read_text())}


def _integers(text: str, type: FixedType) -> IntArray:
    try:
        values = np.array(text.split(","), dtype=np.float64)
    except ValueError as error:
        raise Unreadable("something else than numbers") from error
    scaled = np.ldexp(values, type.frac)
    whole: IntArray = np.rint(scaled).astype(np.int64)
    if not np.array_equal(whole, scaled):
        raise Unreadable(f"a number off the grid of {type}")
    return whole
