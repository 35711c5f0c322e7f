"""A quantiser in standard ONNX ops, and of constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.onnx_import.quantiser import Quantiser
from hwflow.onnx_import.rewrite import Replacement


def needs_double(quantiser: Quantiser) -> bool:
    """Whether float32 could round what the quantiser adds before it rounds itself: a zero point, or a half.

    With a real scale float32 is what every runtime computes in; only a power of two has integers to keep.
    """
    exact = quantiser.point == 0 and quantiser.rounding in ("half_even", "floor", "ceil", "down", "up")
    return quantiser.frac is not None and not exact


def quantise(r: Replacement, value: ir.Value, quantiser: Quantiser, real: type[np.floating]) -> ir.Value:
    """``value`` of the type ``real`` through the quantiser."""

    def const(array: np.ndarray | int | float, hint: str) -> ir.Value:
        shaped = np.asarray(array, real)
        return r.const(shaped if shaped.size > 1 else shaped.reshape(()), hint)

    def shifted(op: str, moved: ir.Value) -> ir.Value:
        return moved if quantiser.point == 0 else r.op(op, moved, const(quantiser.zero_point, "zero_point"))

    scale = const(quantiser.scale, "scale")
    scaled = r.op("Div", value, scale)
    if quantiser.rounds_first:
        rounded = shifted("Add", _ROUND[quantiser.rounding](r, scaled, real))
    else:
        rounded = _ROUND[quantiser.rounding](r, shifted("Add", scaled), real)
    clipped = r.op("Clip", rounded, const(quantiser.lo, "limit"), const(quantiser.hi, "limit"))
    return r.op("Mul", shifted("Sub", clipped), const(quantiser.scale, "scale"))


def quantised(array: NDArray[Any], quantiser: Quantiser, real: type[np.floating]) -> NDArray[Any]:
    """The same of an array, computed here in the type ``real``."""
    scale, point, lo, hi = (
        np.asarray(n, real) if np.size(n) > 1 else np.asarray(n, real).reshape(())
        for n in (quantiser.scale, quantiser.zero_point, quantiser.lo, quantiser.hi)
    )
    scaled, rounding = array.astype(real) / scale, ROUND_ARRAY[quantiser.rounding]
    rounded = rounding(scaled) + point if quantiser.rounds_first else rounding(scaled + point)
    result: NDArray[Any] = (np.clip(rounded, lo, hi) - point) * scale
    return result


ROUND_ARRAY: Mapping[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "half_even": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
    "up": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "down": np.trunc,
    "half_up": lambda x: np.sign(x) * np.floor(np.abs(x) + x.dtype.type(0.5)),
    "half_down": lambda x: np.sign(x) * np.ceil(np.abs(x) - x.dtype.type(0.5)),
}

_Round = Callable[[Replacement, ir.Value, type[np.floating]], ir.Value]


def _plain(op: str) -> _Round:
    return lambda r, x, real: r.op(op, x)


def _by_magnitude(op: str, half: float = 0.0) -> _Round:
    """The sign of x times its rounded magnitude."""

    def build(r: Replacement, x: ir.Value, real: type[np.floating]) -> ir.Value:
        magnitude = r.op("Abs", x)
        if half:
            magnitude = r.op("Add", magnitude, r.const(np.asarray(half, real), "half"))
        return r.op("Mul", r.op(op, magnitude), r.op("Sign", x))

    return build


_ROUND: Mapping[str, _Round] = {
    "half_even": _plain("Round"),
    "floor": _plain("Floor"),
    "ceil": _plain("Ceil"),
    "up": _by_magnitude("Ceil"),
    "down": _by_magnitude("Floor"),
    "half_up": _by_magnitude("Floor", 0.5),
    "half_down": _by_magnitude("Ceil", -0.5),
}
