"""What the functions of ONNX are, as formulas of real numbers.

Source: the operator specifications of ONNX (github.com/onnx/onnx, docs/Operators.md). Where a formula would cancel or
overflow, an equal one stands here.
"""

from __future__ import annotations

from collections.abc import Callable

import gmpy2

from hwflow.numerics.rounding import Real

PRIMITIVE = {
    **{name: name.lower() for name in ("Exp", "Log", "Erf", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan")},
    **{name: name.lower() for name in ("Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Pow")},
}
"""ONNX operators that MPFR has, by their names in gmpy2."""


def _sigmoid(x: Real) -> Real:
    return 1 / (1 + gmpy2.exp(-x))


def _swish(x: Real, alpha: float) -> Real:
    return x / (1 + gmpy2.exp(-alpha * x))


def _gelu(x: Real, approximate: str) -> Real:
    if approximate == "tanh":  # 1 + tanh(u) = 2 / (1 + exp(-2 u))
        inner = gmpy2.sqrt(2 / gmpy2.const_pi()) * (x + gmpy2.mpfr("0.044715") * x**3)
        return x / (1 + gmpy2.exp(-2 * inner))
    return x / 2 * gmpy2.erfc(-x / gmpy2.sqrt(2))


def _softplus(x: Real) -> Real:
    return max(x, 0) + gmpy2.log1p(gmpy2.exp(-abs(x)))


def _softsign(x: Real) -> Real:
    return x / (1 + abs(x))


def _mish(x: Real) -> Real:
    return x * gmpy2.tanh(_softplus(x))


def _elu(x: Real, alpha: float) -> Real:
    return x if x >= 0 else alpha * gmpy2.expm1(x)


def _selu(x: Real, alpha: float, gamma: float) -> Real:
    return gamma * (x if x > 0 else alpha * gmpy2.expm1(x))


def _celu(x: Real, alpha: float) -> Real:
    return x if x >= 0 else alpha * gmpy2.expm1(x / alpha)


def _leaky_relu(x: Real, alpha: float) -> Real:
    return x if x >= 0 else alpha * x


def _hard_sigmoid(x: Real, alpha: float, beta: float) -> Real:
    return max(0, min(1, alpha * x + beta))


def _hard_swish(x: Real) -> Real:
    return x * max(0, min(1, x / 6 + 0.5))


def _thresholded_relu(x: Real, alpha: float) -> Real:
    return x if x > alpha else 0 * x


def _shrink(x: Real, lambd: float, bias: float) -> Real:
    return x + bias if x < -lambd else x - bias if x > lambd else 0 * x


FORMULAS: dict[str, tuple[Callable[..., Real], tuple[str, ...]]] = {
    "Sigmoid": (_sigmoid, ()),
    "Swish": (_swish, ("alpha",)),
    "Gelu": (_gelu, ("approximate",)),
    "Softplus": (_softplus, ()),
    "Softsign": (_softsign, ()),
    "Mish": (_mish, ()),
    "Elu": (_elu, ("alpha",)),
    "Selu": (_selu, ("alpha", "gamma")),
    "Celu": (_celu, ("alpha",)),
    "LeakyRelu": (_leaky_relu, ("alpha",)),
    "HardSigmoid": (_hard_sigmoid, ("alpha", "beta")),
    "HardSwish": (_hard_swish, ()),
    "ThresholdedRelu": (_thresholded_relu, ("alpha",)),
    "Shrink": (_shrink, ("lambd", "bias")),
}
"""The other functions: a formula of one number and of the attributes named."""
