"""The rounding modes of QONNX, by the table in its specification of IntQuant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Round = Callable[[np.ndarray], np.ndarray]


def _away_from_zero(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.copysign(np.ceil(np.abs(x)), x))


def _half_away_from_zero(x: np.ndarray) -> np.ndarray:
    whole = np.trunc(x)
    return np.asarray(whole + np.where(np.abs(x - whole) >= 0.5, np.sign(x), 0).astype(x.dtype))


def _half_to_zero(x: np.ndarray) -> np.ndarray:
    whole = np.trunc(x)
    return np.asarray(whole + np.where(np.abs(x - whole) > 0.5, np.sign(x), 0).astype(x.dtype))


_MODES: dict[str, Round] = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "UP": _away_from_zero,
    "DOWN": np.trunc,
    "ROUND_TO_ZERO": np.trunc,
    "HALF_UP": _half_away_from_zero,
    "HALF_DOWN": _half_to_zero,
}


def rounding(mode: str | bytes) -> Round:
    """The function of a mode; upper and lower case are the same. ValueError for a mode that is not specified."""
    name = (mode.decode() if isinstance(mode, bytes) else mode).upper()
    if name not in _MODES:
        raise ValueError(f"rounding mode {name}, which is none of {', '.join(_MODES)}")
    return _MODES[name]
