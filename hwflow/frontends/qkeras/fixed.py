"""What a QKeras quantiser makes of weights, in numpy: QKeras' own float32 operations in their order.

Logarithms and tanh are correctly rounded, so that a model gives the same file on every processor. TensorFlow's are not:
where QKeras finds the power of two nearest to a number within 2^-22 of the middle of two, it may choose the other.

Source: github.com/google/qkeras, qkeras/quantizers.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.errors import UserError
from hwflow.frontends.keras_files import quantisers as q
from hwflow.limits import LIMITS
from hwflow.numerics import evaluate

Floats = NDArray[np.float32]
_EPSILON = np.float32(1e-7)  # keras.backend.epsilon()
_LOG2 = np.float32(math.log(2.0))
_ROUNDS = 5  # of the search for an automatic scale
_TERNARY_THRESHOLD = np.float32(0.33)


@dataclass(frozen=True)
class Fixed:
    """Quantised weights and the QONNX quantiser that leaves them as they are; ``scale`` broadcasts against them."""

    values: Floats
    scale: Floats
    bits: int
    signed: bool = True
    narrow: bool = True

    def moved(self, move: Callable[[NDArray[Any]], NDArray[Any]]) -> Fixed:
        """The same after a reordering of the weights, such as a transposition."""
        scale = move(np.broadcast_to(self.scale, self.values.shape))
        for axis in range(scale.ndim):
            first = scale.take([0], axis)
            scale = first if np.all(scale == first) else scale
        scale = scale.reshape(()) if scale.size == 1 else scale
        return replace(self, values=move(self.values), scale=scale)


def quantise(subject: str, quantiser: q.Quantiser, weights: NDArray[Any], automatic: bool = False) -> Fixed:
    """The weights as QKeras uses them.

    Args:
        automatic: whether the layer turns ``alpha=None`` into ``"auto_po2"``, which QKeras does for kernels.

    Raises:
        UserError: for a quantiser that makes no weights, or weights that come out as no numbers.
    """
    if automatic and getattr(quantiser, "alpha", "") is None:
        quantiser = quantiser.model_copy(update={"alpha": "auto_po2", **_symmetric(quantiser)})
    rule = _RULES.get(type(quantiser))
    if rule is None:
        raise UserError(subject, f"{type(quantiser).__name__} on weights", "a weight quantiser", "Use quantized_bits.")
    with np.errstate(all="ignore"):
        fixed = rule(subject, quantiser, np.asarray(weights, np.float32))
    if not np.all(np.isfinite(fixed.values)) or not np.all(fixed.scale > 0):
        raise UserError(subject, "weights without a scale", "finite ones, not all 0", "Train again, or set alpha=1.")
    return replace(fixed, scale=fixed.scale.reshape(())) if fixed.scale.size == 1 else fixed


def _symmetric(quantiser: q.Quantiser) -> dict[str, bool]:
    return {"symmetric": True} if isinstance(quantiser, q.QuantizedBits) else {}


def _po2(exponent: int) -> np.float32:
    return np.float32(math.ldexp(1, exponent))


def _bits(subject: str, o: q.QuantizedBits, x: Floats) -> Fixed:
    if isinstance(o.alpha, str):
        return _automatic_bits(subject, o, x)
    alpha = np.float32(1.0 if o.alpha is None else o.alpha)
    unsigned_bits = o.bits - o.keep_negative
    if unsigned_bits == 0:
        return _signs(np.where(x >= 0, 1, -1 if o.keep_negative else 0), alpha)
    step = _po2(o.integer - unsigned_bits)
    low = -(2.0**unsigned_bits) + o.symmetric if o.keep_negative else 0.0
    integers = np.clip(np.rint(x / step), np.float32(low), np.float32(2.0**unsigned_bits - 1))
    signed = o.keep_negative
    return Fixed(alpha * (integers * step), np.asarray(alpha * step), o.bits, signed, bool(signed and o.symmetric))


def _automatic_bits(subject: str, o: q.QuantizedBits, x: Floats) -> Fixed:
    """``alpha="auto"`` and ``"auto_po2"``: one scale per output channel, fitted to the weights."""
    if o.bits < 2:
        raise UserError(subject, "1 bit with an automatic scale", "2 bits or more", "Use binary() instead.")
    whole, m = _po2(o.integer), _po2(o.bits - o.keep_negative)
    x = x / whole
    most = np.float32(2 ** (o.bits - 1) - 1)
    if o.post_training_scale is not None:
        scale = _given_scale(subject, o.post_training_scale, x) / m
    else:
        scale = np.max(np.abs(x), axis=_channel_axes(x), keepdims=True) * np.float32(2) / (most * np.float32(2))
        if o.alpha == "auto_po2":
            scale = _power(scale + _EPSILON)
            for _ in range(_ROUNDS):
                scale = _least_squares(o.alpha, x, _integers(x, scale, most))
    values = (scale * m) * (whole * _integers(x, scale, most) / m)
    return Fixed(values, scale * whole, o.bits)


def _integers(x: Floats, scale: Floats, most: np.float32) -> Floats:
    return np.sign(x) * np.minimum(np.floor(np.abs(x) / scale + np.float32(0.5)), most)


def _given_scale(subject: str, scale: Any, x: Floats) -> Floats:
    try:
        return np.broadcast_to(np.asarray(scale, np.float32), x.shape)
    except (ValueError, TypeError) as error:
        raise UserError(
            subject, "a post_training_scale of another shape", "one per channel", "Set it again."
        ) from error


def _channel_axes(x: Floats) -> tuple[int, ...]:
    """All axes but the last, on which the output channels lie."""
    return tuple(range(x.ndim - 1)) if x.ndim > 1 else (0,)


def _power(x: Floats) -> Floats:
    """The nearest power of two on the logarithmic axis."""
    return _two_to(np.rint(evaluate("Log", [x]) / _LOG2))


def _two_to(exponents: NDArray[Any]) -> Floats:
    """Powers of two, exactly, of whole numbers or NaN."""
    finite = np.isfinite(exponents)
    powers = np.ldexp(np.float32(1), np.where(finite, exponents, 0).astype(np.int32))
    return np.where(finite, powers, np.float32(np.nan))


def _least_squares(alpha: object, x: Floats, z: Floats) -> Floats:
    """The scale s of least squared error of ``s * z`` against x, per channel."""
    if not isinstance(alpha, str):
        return np.asarray(1.0 if alpha is None else alpha, np.float32)
    xz, zz = x * z, z * z
    if x.ndim > 1:  # of a vector each element is a channel
        xz, zz = (np.mean(v, axis=_channel_axes(x), keepdims=True) for v in (xz, zz))
    scale: Floats = xz / (zz + _EPSILON)
    return _power(scale + _EPSILON) if alpha == "auto_po2" else scale


def _binary(subject: str, o: q.Binary, x: Floats) -> Fixed:
    signs = np.where(x >= 0, np.float32(1), np.float32(0 if o.use_01 else -1))
    scale = _least_squares(o.alpha, evaluate("Tanh", [x]) if o.alpha is None else x, signs)
    return _signs(signs, scale)


def _ternary(subject: str, o: q.Ternary, x: Floats) -> Fixed:
    if not isinstance(o.alpha, str):
        threshold = _TERNARY_THRESHOLD if o.threshold is None else np.float32(o.threshold)
        return _signs(np.sign(x) * (np.abs(x) >= threshold), np.float32(1.0 if o.alpha is None else o.alpha))
    axes = _channel_axes(x) if x.ndim > 1 else None
    scale = np.float32(2) * np.max(np.abs(x), axis=axes, keepdims=True) / np.float32(3)
    scale = _power(scale + _EPSILON) if o.alpha == "auto_po2" else scale
    z = np.zeros_like(x)
    for _ in range(o.number_of_unrolls):
        z = np.sign(x) * (np.abs(scale * np.rint(x / scale)) >= scale / np.float32(2))
        scale = _least_squares(o.alpha, x, z)
    return _signs(z, scale)


def _signs(z: NDArray[Any], scale: Any) -> Fixed:
    """Values of -1, 0 and 1 times a scale."""
    scale = np.asarray(scale, np.float32)
    return Fixed((scale * z.astype(np.float32)).astype(np.float32), scale, 2)


def _power_of_two(subject: str, o: q.PowerOfTwo | q.ReluPowerOfTwo, x: Floats) -> Fixed:
    exponent_sign = int(o.max_value is None or o.max_value > 1)
    own_sign = isinstance(o, q.PowerOfTwo)
    reach = 2.0 ** (o.bits - own_sign - exponent_sign)
    low, high = -reach, reach - 1
    high = 2 * (high // 2) if o.quadratic_approximation else high
    magnitude = np.abs(x) if own_sign else np.maximum(x, 0)
    seen = np.minimum(np.maximum(magnitude, _EPSILON), np.float32(o.max_value or np.inf))
    root = np.sqrt(seen) if o.quadratic_approximation else seen
    rounded = (np.floor if o.log2_rounding == "floor" else np.rint)(evaluate("Log", [root]) / _LOG2)
    exponents = np.clip(rounded, low, high) * (2 if o.quadratic_approximation else 1)
    exponents = np.where(magnitude < _EPSILON, low, exponents)
    signs = np.where(x >= 0, 1, -1) if own_sign else 1
    bits = int(exponents.max() - exponents.min()) + 2
    if bits > LIMITS.bit_width or abs(exponents).max() > 100:
        found = f"powers of two from 2^{exponents.min():g} to 2^{exponents.max():g}"
        raise UserError(subject, found, f"a span of {LIMITS.bit_width} bits", "Use fewer bits, or a max_value.")
    values = (signs * _two_to(exponents)).astype(np.float32)
    return Fixed(values, _two_to(exponents.min()), bits)


_RULES: dict[type[q.Quantiser], Callable[[str, Any, Floats], Fixed]] = {
    q.QuantizedBits: _bits,
    q.Binary: _binary,
    q.Ternary: _ternary,
    q.PowerOfTwo: _power_of_two,
    q.ReluPowerOfTwo: _power_of_two,
}
