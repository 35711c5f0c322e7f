"""From a constant matrix to a graph of adders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.rtl.shift_add.columns import Columns
from hwflow.rtl.shift_add.digits import MAX_WEIGHT
from hwflow.rtl.shift_add.graph import AdderGraph, Bounds
from hwflow.rtl.shift_add.sharing import share
from hwflow.rtl.shift_add.trees import sum_up


def solve(weights: NDArray[Any], bounds: Bounds | Sequence[Bounds] = (-128, 127), extra_levels: int = 0) -> AdderGraph:
    """Adders for ``x @ weights``.

    Args:
        weights: integers (K, N).
        bounds: range of the inputs, one for all or one each.
        extra_levels: levels beyond the fewest that are possible (``fewest_levels``).

    Raises:
        ValueError: weights that are no integer matrix, ranges that do not fit it, or sums beyond 62 bits.
    """
    inputs = _check(np.asarray(weights), bounds)
    columns = Columns.of(weights, inputs, extra_levels)
    share(columns)
    sum_up(columns)
    return columns.graph()


def _check(weights: NDArray[Any], bounds: Bounds | Sequence[Bounds]) -> list[Bounds]:
    if weights.ndim != 2 or not weights.size or not np.issubdtype(weights.dtype, np.integer):
        raise ValueError(f"solve: weights are {weights.dtype} {weights.shape}, expected integers (K, N)")
    inputs = [(int(low), int(high)) for low, high in np.broadcast_to(np.array(bounds), (len(weights), 2)).tolist()]
    if any(low > high for low, high in inputs):
        raise ValueError(f"solve: empty input range among {inputs}")
    largest = [max(abs(low), abs(high)) for low, high in inputs]
    if 2 * sum(w * x for w, x in zip(np.abs(weights.astype(object)).max(axis=1), largest, strict=True)) >= MAX_WEIGHT:
        raise ValueError(f"solve: sums of up to {MAX_WEIGHT} do not fit 64 bits")
    return inputs
