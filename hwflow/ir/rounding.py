"""How a real number becomes an integer: the rounding modes of quantisers, and what a port's feeder has to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
PortRounding = Literal["half_even", "half_odd", "floor", "ceil", "up", "down", "half_up", "half_down"]
"""``up`` and ``down`` are away from and towards zero; the ``half`` modes say where the tie of two nearest goes.

Source: the table of rounding modes of IntQuant (github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops).
``half_odd`` is what a quantiser does that adds an odd zero point before it rounds half to even.
"""

_ROUND: Mapping[str, Callable[[Reals], Reals]] = {
    "half_even": np.rint,
    "half_odd": lambda x: np.rint(x + 1.0) - 1.0,
    "floor": np.floor,
    "ceil": np.ceil,
    "up": lambda x: np.copysign(np.ceil(np.abs(x)), x),
    "down": np.trunc,
    "half_up": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    "half_down": lambda x: np.copysign(np.ceil(np.abs(x) - 0.5), x),
}


def round_reals(array: Reals, rounding: PortRounding) -> Reals:
    """Integers of real numbers below 2**51."""
    return _ROUND[rounding](array)
