"""Constants as exporters write them: on a grid, behind a Quant, or integers behind a DequantizeLinear."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwflow.fuzz.draft import Draft
from hwflow.fuzz.quantisers import Grid, integer_type, write_quantiser

_FREE = 0.04  # share of constants that lie on no grid


def weights(draft: Draft, shape: Sequence[int], size: float = 1.0, bits: int | None = None) -> str:
    """The name of a constant whose numbers are about so large."""
    bits = bits or (draft.choose([1, 2, 2, 3, 4, 4, 5, 6, 8]) if draft.chance(0.95) else draft.between(9, 20))
    scale = 2.0 ** (round(np.log2(max(size, 2.0**-20))) - max(bits - 2, 0))
    if draft.chance(_FREE):
        return draft.const(draft.rng.normal(size=shape) * size)
    if draft.kind == "float" and draft.chance(0.6):
        scale *= draft.rng.uniform(0.6, 1.0)
    integers = draw_integers(draft, shape, bits)
    style = draft.rng.random()
    if style < 0.5 or bits == 1:
        return draft.const(integers * np.float32(scale))
    scales = per_channel(draft, shape, scale)
    grid = Grid(bits, True, scales, narrow=draft.chance(0.5))
    type = integer_type(draft, grid)
    if draft.kind in ("qcdq", "mixed") and type is not None and scales.size == 1:
        stored, point = draft.const(integers, type), draft.const(0, type)
        return draft.node("DequantizeLinear", stored, draft.const(scales.reshape(())), point)
    noise = draft.rng.uniform(-0.4, 0.4, size=shape) if draft.chance(0.7) else 0.5
    kept, draft.kind = draft.kind, "qonnx"
    name = write_quantiser(draft, draft.const((integers + noise) * scales), len(shape), grid)
    draft.kind = kept
    return name


def draw_integers(draft: Draft, shape: Sequence[int], bits: int) -> np.ndarray:
    """Signed ones, often with zeros, now and then all alike."""
    top = (1 << (bits - 1)) - 1
    drawn = draft.rng.integers(-top - 1, top + 1, shape)
    if bits == 1:
        return np.asarray(draft.rng.choice([-1, 1], shape), np.int64)
    if draft.chance(0.2):
        drawn = drawn * (draft.rng.random(shape) < 0.5)
    return np.full(shape, draft.between(-top - 1, top)) if draft.chance(0.03) else drawn


def per_channel(draft: Draft, shape: Sequence[int], scale: float) -> np.ndarray:
    """One scale, or one for each entry of an axis."""
    if len(shape) < 2 or not draft.chance(0.25):
        return np.asarray(scale, np.float32)
    axis = draft.choose([0, len(shape) - 1])
    each = [n if i == axis else 1 for i, n in enumerate(shape)]
    factors = 2.0 ** draft.rng.integers(-2, 1, each)
    if draft.kind == "float" and draft.chance(0.5):
        factors = draft.rng.uniform(0.5, 1.0, each)
    return np.asarray(scale * factors, np.float32)
