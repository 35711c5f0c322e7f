"""The ways a design is driven: without pause, with random stalls at both ends, with resets in mid-frame."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

ModeName = Literal["nominal", "stalls", "reset"]
MODES: tuple[ModeName, ...] = ("nominal", "stalls", "reset")
_STALLS = ((0.5, 0.5), (0.9, 0.25), (0.25, 0.9))  # balanced, a slow sink, a slow source
_RESETS = 6
_RESET_CYCLES = (1, 2, 16)  # AMD asks for 16 (PG059); the design must do with one


@dataclass(frozen=True, slots=True)
class Mode:
    """``offer``, ``take``: probability of a valid source and of a ready sink in a cycle.

    ``resets``: cycles from the first accepted beat to a reset of ``reset_cycles``; after each all frames start anew.
    """

    name: ModeName
    seed: int
    offer: float = 1.0
    take: float = 1.0
    resets: tuple[int, ...] = ()
    reset_cycles: int = 16

    def __str__(self) -> str:
        if self.name == "stalls":
            return f"stalls (source valid {self.offer:.0%}, sink ready {self.take:.0%})"
        return f"reset ({self.reset_cycles} cycles)" if self.name == "reset" else self.name


def modes(names: Sequence[ModeName], seed: int, latency: int, ii: int, frames: int) -> list[Mode]:
    """The runs of the named modes. ``latency`` and ``ii`` are those expected: resets come before the end."""
    span = max(2, latency + min(2, frames - 1) * ii)
    return [mode for name in MODES if name in names for mode in _runs(name, seed, span)]


def _runs(name: ModeName, seed: int, span: int) -> Iterator[Mode]:
    if name == "nominal":
        yield Mode(name, seed)
    elif name == "stalls":
        yield from (Mode(name, seed + i, offer, take) for i, (offer, take) in enumerate(_STALLS))
    else:
        draw = random.Random(seed)
        for i, cycles in enumerate(_RESET_CYCLES):
            resets = tuple(draw.randrange(1, span) for _ in range(_RESETS))
            yield Mode(name, seed + i, resets=resets, reset_cycles=cycles)
