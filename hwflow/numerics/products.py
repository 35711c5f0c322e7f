"""Sums and products of constants: in float64, term after term in the order of the axis, then rounded.

A runtime sums in the order that suits the registers of its processor, and a float sum depends on the order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwflow.numerics.rounding import Floats


def total(x: Floats, axes: Sequence[int] | None, keepdims: bool) -> Floats:
    """The sum over the axes, all if None, as float64."""
    chosen = tuple(range(x.ndim)) if axes is None else tuple(a % x.ndim for a in axes)
    rest = [a for a in range(x.ndim) if a not in chosen]
    rows = x.transpose(*chosen, *rest).astype(np.float64).reshape(-1, *(x.shape[a] for a in rest))
    sums = np.add.accumulate(rows, axis=0)[-1] if len(rows) else np.zeros(rows.shape[1:])
    return np.expand_dims(sums, tuple(sorted(chosen))) if keepdims else sums


def product(a: Floats, b: Floats) -> Floats:
    """``a @ b`` as float64."""
    left, right = (x.astype(np.float64) for x in (np.atleast_2d(a), b if b.ndim > 1 else b[:, None]))
    shape = (*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1])
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(f"a product of {list(a.shape)} and {list(b.shape)}")
    result = np.zeros(shape)
    for k in range(left.shape[-1]):
        result += left[..., :, k, None] * right[..., None, k, :]
    result = result if a.ndim > 1 else result[..., 0, :]
    return result if b.ndim > 1 else result[..., 0]
