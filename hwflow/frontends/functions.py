"""The real functions of the building blocks, operator by operator as the exported model has them, correctly rounded.

Both frameworks compute a quantised forward pass with these, so that it has the bits of golden.onnx on every processor.
Training uses the frameworks' own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hwflow.numerics import evaluate

Array = NDArray[np.float32]
_HALF, _ONE, _ROOT_OF_2 = np.float32(0.5), np.float32(1), np.float32(np.sqrt(2.0))


def _operator(*names: str) -> Callable[[Array], Array]:
    """Operators of ONNX one after the other."""

    def function(x: Array) -> Array:
        for name in names:
            x = evaluate(name, [x])
        return x

    return function


def _gelu(x: Array) -> Array:
    erf: Array = evaluate("Erf", [x / _ROOT_OF_2])
    return x * (erf + _ONE) * _HALF


def _silu(x: Array) -> Array:
    sigmoid: Array = evaluate("Sigmoid", [x])
    return x * sigmoid


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "exp": _operator("Exp"),
    "exp_of_negative": _operator("Neg", "Exp"),
    "reciprocal": _operator("Reciprocal"),
    "rsqrt": _operator("Sqrt", "Reciprocal"),
    "gelu": _gelu,
    "silu": _silu,
    "tanh": _operator("Tanh"),
    "sigmoid": _operator("Sigmoid"),
}
