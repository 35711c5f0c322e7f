"""Functions of real numbers by MPFR, rounded once to the nearest float16, float32 or float64 (ties to even)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gmpy2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Real = Any  # an mpfr
FIRST_BITS, LAST_BITS = 96, 2400  # of a formula's value: enough nearly always, and enough beside any tie
_CHUNK = 1 << 16  # numbers that are Python objects at a time
_ERROR = gmpy2.mpq(1, 1 << 80)  # more than the first bits may be wrong by
_BELOW, _ABOVE = (gmpy2.mpfr(1 + sign * _ERROR, FIRST_BITS) for sign in (-1, 1))


def function(name: str, operands: Sequence[Floats], dtype: np.dtype) -> Floats:
    """A function that MPFR rounds correctly itself, by its name in gmpy2."""
    return _each(getattr(gmpy2.ieee(8 * dtype.itemsize), name), operands, dtype)


def expression(formula: Callable[..., Real], operands: Sequence[Floats], dtype: np.dtype) -> Floats:
    """A formula of mpfr numbers; with more bits where a few do not tell to which side it rounds (Ziv, 1991)."""
    target = gmpy2.ieee(8 * dtype.itemsize)

    def nearest(*x: float) -> Real:
        value = formula(*map(gmpy2.mpfr, x))
        low, high = target.mul(value, _BELOW), target.mul(value, _ABOVE)
        if low == high:
            return low
        with gmpy2.context(precision=LAST_BITS):
            return target.plus(formula(*map(gmpy2.mpfr, x)))

    with gmpy2.context(precision=FIRST_BITS):
        return _each(nearest, operands, dtype)


def _each(function: Callable[..., Real], operands: Sequence[Floats], dtype: np.dtype) -> Floats:
    """The function of every element; of one varying operand each value is computed once."""
    varying = [x for x in operands if x.size != 1]
    if len(varying) > 1 or len(operands) > 2:
        arrays = np.broadcast_arrays(*operands)
        rows = zip(*(x.ravel().tolist() for x in arrays), strict=True)
        return np.array([float(function(*row)) for row in rows], dtype).reshape(arrays[0].shape)
    index = next((i for i, x in enumerate(operands) if x.size != 1), 0)
    if len(operands) == 2:
        fixed = float(operands[1 - index].reshape(()))
        function = partial(function, fixed) if index else partial(_swapped, function, fixed)
    x = np.ascontiguousarray(operands[index])
    bits, places = np.unique(x.view(f"i{x.itemsize}"), return_inverse=True)  # bits, so that -0 is not 0
    points = (v for chunk in np.array_split(bits.view(x.dtype), bits.size // _CHUNK + 1) for v in chunk.tolist())
    results = np.fromiter((float(function(v)) for v in points), dtype, bits.size)
    return results[places].reshape(np.broadcast_shapes(*(x.shape for x in operands)))


def _swapped(function: Callable[..., Real], second: float, first: float) -> Real:
    return function(first, second)
