"""Inputs of a case: random ones, ties of the input quantiser, and values at and beyond both ends of its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LARGEST = 1 << 22  # steps: float32 still holds halves and quarters of them


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a model: numbers about ``step`` times [lo, hi], or, if ``rows`` is given, tokens of a table."""

    name: str
    shape: tuple[int, ...]
    step: float = 1.0
    lo: int = -128
    hi: int = 127
    rows: int | None = None


def draw_inputs(ports: Sequence[Port], count: int, seed: int) -> dict[str, np.ndarray]:
    """(count, *shape) by name, float32 or int64."""
    rng = np.random.default_rng([seed, 1])
    return {port.name: _tokens(port, count, rng) if port.rows else _reals(port, count, rng) for port in ports}


def _tokens(port: Port, count: int, rng: np.random.Generator) -> np.ndarray:
    """ONNX counts negative ones from the end of the table."""
    assert port.rows is not None
    tokens = rng.integers(0, port.rows, (count, *port.shape))
    negative = rng.random(tokens.shape) < 0.2
    return np.asarray(np.where(negative, tokens - port.rows, tokens), np.int64)


def _reals(port: Port, count: int, rng: np.random.Generator) -> np.ndarray:
    """By row: half steps and quarters over the range and two beyond it, values at the ends, small ones, smooth ones."""
    shape = (count, *port.shape)
    lo, hi = max(port.lo - 2, -_LARGEST), min(port.hi + 2, _LARGEST)
    steps = rng.integers(2 * lo, 2 * hi + 1, shape) / 2 + rng.choice([0.0, 0.0, 0.25], shape)
    ends = rng.choice(np.array([lo, port.lo, port.lo + 0.5, 0, port.hi - 0.5, port.hi, hi], np.float64), shape)
    small = rng.integers(-6, 7, shape) / 2
    smooth = rng.normal((lo + hi) / 2, max(hi - lo, 1) / 6, shape)
    pick = (np.arange(count) % 6).reshape(-1, *([1] * len(port.shape)))
    drawn = np.select([pick < 3, pick == 3, pick == 4], [steps, ends, small], smooth)
    return np.asarray(drawn * port.step, np.float32)
