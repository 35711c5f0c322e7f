"""Convolutions and pools over images (1, C, H, W) and sequences (1, C, T)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.elementwise import done
from hwflow.fuzz.grammar.linear import on_grid
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.grammar.weights import weights


def is_image(value: Value) -> bool:
    """Whether a kernel can slide over it."""
    return on_grid(value) and value.rank in (3, 4) and value.shape[0] == 1


def _window(draft: Draft, size: tuple[int, ...], padded: bool) -> tuple[dict[str, Any], tuple[int, ...]] | None:
    """Attributes of a kernel that slides, and the size of what it gives."""
    kernel = [draft.between(1, min(3, n)) for n in size]
    strides = [draft.choose([1, 1, 2]) for _ in size]
    pads = [draft.between(0, k - 1) if padded else 0 for k in (*kernel, *kernel)]
    out = [(n + pads[i] + pads[i + len(size)] - kernel[i]) // strides[i] + 1 for i, n in enumerate(size)]
    given: dict[str, Any] = {"kernel_shape": kernel}
    if any(n > 1 for n in strides) or draft.chance(0.5):
        given["strides"] = strides
    if any(pads):
        given["pads"] = pads
    if padded and draft.chance(0.1):
        del given["kernel_shape"]
        given = {"kernel_shape": kernel, "strides": strides, "auto_pad": draft.choose(["SAME_UPPER", "SAME_LOWER"])}
        out = [-(-n // s) for n, s in zip(size, strides, strict=True)]
    return (given, tuple(out)) if min(out) >= 1 else None


@production("Conv", weight=3)
def conv(draft: Draft) -> bool:
    """Full, depthwise, pointwise; with padding, strides and a bias."""
    x = draft.pick(is_image)
    if x is None or (window := _window(draft, x.shape[2:], draft.chance(0.5))) is None:
        return False
    given, size = window
    channels, kernel = x.shape[1], given["kernel_shape"]
    assert isinstance(kernel, list)
    depthwise = channels > 1 and draft.chance(0.3)
    outputs, inputs = (channels, 1) if depthwise else (draft.between(1, 4), channels)
    spread = 1 / np.sqrt(inputs * math.prod(kernel))
    operands = [draft.use(x), weights(draft, (outputs, inputs, *kernel), spread)]
    operands += [weights(draft, (outputs,), x.size)] if draft.chance(0.5) else []
    if draft.chance(0.1):
        del given["kernel_shape"]
    y = draft.node("Conv", *operands, group=channels if depthwise else None, **given)
    return done(draft, y, (1, outputs, *size), 1.5 * x.size, 0.95)


@production("MaxPool", "AveragePool", weight=1.5)
def pool(draft: Draft) -> bool:
    """Maximum or mean under a window."""
    x = draft.pick(is_image)
    if x is None:
        return False
    op = draft.choose(["MaxPool", "AveragePool"])
    window = _window(draft, x.shape[2:], draft.chance(0.25) and (op == "AveragePool" or not x.signed))
    if window is None:
        return False
    given, size = window
    if op == "AveragePool" and "pads" in given:
        given["count_include_pad"] = 1
    y = draft.node(op, draft.use(x), **given)
    if op == "MaxPool":
        draft.add(Value(y, (1, x.shape[1], *size), x.bits, x.frac, x.size, x.signed))
        return True
    return done(draft, y, (1, x.shape[1], *size), x.size, 0.9, x.signed)


@production("GlobalAveragePool", "GlobalMaxPool", weight=0.7)
def global_pool(draft: Draft) -> bool:
    """Over all pixels."""
    x = draft.pick(is_image)
    if x is None:
        return False
    op = draft.choose(["GlobalAveragePool", "GlobalMaxPool"])
    y = draft.node(op, draft.use(x))
    return done(draft, y, (*x.shape[:2], *[1] * (x.rank - 2)), x.size, 0.9, x.signed)
