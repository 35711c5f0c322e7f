"""Operations that IEEE 754 defines to the last bit, which numpy leaves to the processor."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce

import gmpy2
import numpy as np

from hwflow.numerics.rounding import Floats, Real, expression

_ROUNDED: dict[str, tuple[np.ufunc, Callable[..., Real]]] = {
    "Add": (np.add, operator.add),
    "Sub": (np.subtract, operator.sub),
    "Mul": (np.multiply, operator.mul),
    "Div": (np.divide, operator.truediv),
    "Sqrt": (np.sqrt, gmpy2.sqrt),
    "Reciprocal": (np.reciprocal, lambda x: 1 / x),
}
_EXACT: dict[str, Callable[[Floats], Floats]] = {
    "Abs": np.abs,
    "Neg": np.negative,
    "Sign": np.sign,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.rint,
    "Identity": lambda x: x,
    "Relu": lambda x: np.where(x < 0, x.dtype.type(0), x),
}
NAMES = frozenset({*_ROUNDED, *_EXACT, "Max", "Min", "Clip"})


def basic(op_type: str, operands: Sequence[Floats | None], dtype: np.dtype) -> Floats:
    """One of `NAMES` of float operands that broadcast; None is a limit of Clip that is left open."""
    given = [x for x in operands if x is not None]
    with np.errstate(all="ignore"):
        if op_type in _ROUNDED:
            return _rounded(op_type, given, dtype)
        if op_type in _EXACT:
            return _EXACT[op_type](given[0]).astype(dtype)
        if op_type == "Clip":
            return _clip(*operands).astype(dtype)  # type: ignore[arg-type]
        return reduce(_larger if op_type == "Max" else _smaller, given).astype(dtype)


def _rounded(op_type: str, operands: Sequence[Floats], dtype: np.dtype) -> Floats:
    """In the type of the result, which rounds once unless an operand has more bits."""
    ufunc, formula = _ROUNDED[op_type]
    if max(x.itemsize for x in operands) > dtype.itemsize:
        return expression(formula, operands, dtype)
    result: Floats = ufunc(*(x.astype(dtype) for x in operands))
    return result


def _clip(x: Floats, low: Floats | None = None, high: Floats | None = None) -> Floats:
    x = x if low is None else _larger(x, low)
    return x if high is None else _smaller(x, high)


# numpy's maximum of 0 and -0 is the one or the other, as the processor has it: here it is the first.


def _larger(a: Floats, b: Floats) -> Floats:
    return np.where((b > a) | np.isnan(b), b, a)


def _smaller(a: Floats, b: Floats) -> Floats:
    return np.where((b < a) | np.isnan(b), b, a)
