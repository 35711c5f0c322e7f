"""Float biases: rounded to the grid of their accumulator or a little finer, in as many bits as the importer takes."""

from __future__ import annotations

import math

import numpy as np

from hwflow.onnx_import.handlers.binary import BIAS_BITS
from hwflow.onnx_import.near_exact.grid import Reals


def round_bias(bias: np.ndarray, frac: int | None, guard: int) -> Reals:
    """The bias on the grid ``2**-(frac + guard)``; coarser, down to ``2**-frac``, where it would need too many bits.

    ``frac`` None: the accumulator's grid is not known.
    """
    reals = np.asarray(bias, np.float64)
    largest = float(np.abs(reals).max(initial=0.0))
    if largest == 0:
        return reals
    finest = BIAS_BITS - 1 - math.ceil(math.log2(largest))
    chosen = finest if frac is None else max(frac, min(frac + guard, finest))
    return np.asarray(np.rint(reals * 2.0**chosen) * 2.0**-chosen)
