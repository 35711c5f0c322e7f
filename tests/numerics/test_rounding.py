"""Every function is its real value, rounded once: against mpmath, another author's arithmetic, with 400 bits."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from hwflow.numerics import Undefined, evaluate, is_defined
from hwflow.numerics.products import product, total
from hwflow.onnx_import.handlers.unary import FUNCTIONS

Real = Any
TENTH = Fraction(float(np.float32(0.1)))


def _softplus(x: Real) -> Real:
    return mp.log1p(mp.exp(x)) if x < 200 else x + mp.exp(-x)


def _phi(x: Real) -> Real:
    return mp.erfc(-x / mp.sqrt(2)) / 2


ORACLES: dict[str, Callable[[Real], Real]] = {
    "Exp": mp.exp, "Log": mp.log, "Sqrt": mp.sqrt, "Reciprocal": lambda x: 1 / x, "Tanh": mp.tanh, "Erf": mp.erf,
    "Sin": mp.sin, "Cos": mp.cos, "Tan": mp.tan, "Atan": mp.atan, "Sinh": mp.sinh, "Cosh": mp.cosh, "Asinh": mp.asinh,
    "Sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "Swish": lambda x: x / (1 + mp.exp(-x)),
    "Gelu": lambda x: x * _phi(x),
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1 + abs(x)),
    "Mish": lambda x: x * mp.tanh(_softplus(x)),
    "Elu": lambda x: x if x > 0 else mp.expm1(x),
    "Selu": lambda x: mp.mpf(1.0507010221481323) * (x if x > 0 else mp.mpf(1.6732631921768188) * mp.expm1(x)),
    "Celu": lambda x: x if x > 0 else mp.expm1(x),
    "LeakyRelu": lambda x: x if x > 0 else mp.mpf(float(np.float32(0.01))) * x,
    "HardSigmoid": lambda x: max(0, min(1, mp.mpf(float(np.float32(0.2))) * x + mp.mpf(0.5))),
    "HardSwish": lambda x: x * max(0, min(1, x / 6 + mp.mpf(0.5))),
    "ThresholdedRelu": lambda x: x if x > 1 else mp.mpf(0),
}  # fmt: skip
EXACT = {"Abs": np.abs, "Sign": np.sign, "Floor": np.floor, "Ceil": np.ceil, "Round": np.rint, "Neg": np.negative}
DOMAINS = {"Log": (2.0**-30, 1e30), "Sqrt": (0, 1e30), "Reciprocal": (2.0**-30, 1e30), "Exp": (-110, 89)}


def nearest(real: Real, dtype: type[np.floating]) -> np.floating:
    """The nearest number of a type, ties to even, by the definition alone."""
    found = dtype(float(real))
    near = [found, np.nextafter(found, dtype(-np.inf)), np.nextafter(found, dtype(np.inf))]
    even = [(abs(mp.mpf(float(n)) - real), int(n.view(f"i{n.itemsize}")) & 1, n) for n in near if np.isfinite(n)]
    return min(even, key=lambda entry: entry[:2])[2]


def points(op: str, count: int = 150) -> np.ndarray:
    """Numbers of every size in the domain, and those of small grids."""
    rng = np.random.default_rng(len(op))
    low, high = DOMAINS.get(op, (-30, 30))
    fine = rng.choice([-1, 1], count) * np.exp2(rng.uniform(-40, 5, count))
    grid = np.arange(-40, 40) / 8
    x = np.concatenate([rng.uniform(low, min(high, 100), count), fine, grid]).astype(np.float32)
    return x[(x >= low) & (x <= high)]


def test_all_functions_have_a_definition_and_an_oracle_here() -> None:
    assert set(FUNCTIONS) <= set(ORACLES) | set(EXACT)
    assert all(is_defined(op) for op in (*ORACLES, *FUNCTIONS))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", ORACLES)
def test_a_function_is_rounded_correctly(op: str, dtype: type[np.floating]) -> None:
    x = points(op, 150 if dtype is np.float32 else 30)
    with mp.workprec(400):
        expected = [nearest(ORACLES[op](mp.mpf(float(v))), dtype) for v in x]
    found = evaluate(op, [x], dtype, opset=24)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("op", EXACT)
def test_an_exact_function_is_exact(op: str) -> None:
    x = points(op)
    np.testing.assert_array_equal(evaluate(op, [x]), EXACT[op](x))


def test_gelu_in_its_tanh_form() -> None:
    x = points("Gelu")
    with mp.workprec(400):
        reals = [mp.mpf(float(v)) for v in x]
        inner = [mp.sqrt(2 / mp.pi) * (v + mp.mpf("0.044715") * v**3) for v in reals]
        expected = [nearest(v * (1 + mp.tanh(u)) / 2, np.float32) for v, u in zip(reals, inner, strict=True)]
    np.testing.assert_array_equal(evaluate("Gelu", [x], attributes={"approximate": "tanh"}, opset=20), expected)


NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**60), max_value=2.0**60)


@seed(0)
@settings(max_examples=200, deadline=None)
@given(NUMBERS, NUMBERS)
def test_arithmetic_is_the_rounded_fraction(a: float, b: float) -> None:
    x, y = np.float32(a), np.float32(b)
    reals = {"Add": Fraction(a) + Fraction(b), "Sub": Fraction(a) - Fraction(b), "Mul": Fraction(a) * Fraction(b)}
    if abs(b) > 2.0**-60:
        reals["Div"] = Fraction(a) / Fraction(b)
    for op, real in reals.items():
        with mp.workprec(400):
            expected = nearest(mp.mpf(real.numerator) / real.denominator, np.float32)
        assert evaluate(op, [x, y]) == expected
        # operands with more bits than the result
        assert evaluate(op, [x.astype(np.float64), y.astype(np.float64)]) == expected


def test_a_result_between_two_types_is_rounded_once() -> None:
    """1 + 2^-24 - 2^-60 is below a tie of float32, but float64 rounds it to the tie."""
    x, y = np.array([1 + 2.0**-24]), np.array([-(2.0**-60)])
    assert evaluate("Add", [x, y], np.float32) == 1
    assert evaluate("Add", [x, -y], np.float32) == np.float32(1 + 2.0**-23)


@pytest.mark.parametrize(
    ("op", "x", "expected"),
    [
        ("Exp", [-0.0, -104.0, 89.0, -np.inf, np.nan], [1, 0, np.inf, 0, np.nan]),
        ("Tanh", [-0.0, 20.0, -np.inf], [-0.0, 1, -1]),
        ("Reciprocal", [0.0, -0.0, np.inf], [np.inf, -np.inf, 0]),
        ("Log", [0.0, -1.0], [-np.inf, np.nan]),
        ("Softplus", [1e38, -1e38], [1e38, 0]),
        ("Sigmoid", [1e38, -1e38], [1, 0]),
        ("Relu", [-0.0, -2.0, 3.0], [-0.0, 0, 3]),
    ],
)
def test_ends_of_range(op: str, x: list[float], expected: list[float]) -> None:
    found = evaluate(op, [np.array(x, np.float32)])
    assert found.tobytes() == np.array(expected, np.float32).tobytes() or np.isnan(expected).any()
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_a_power_by_a_constant_on_either_side() -> None:
    x = np.array([0.25, 2.0, 3.0], np.float32)
    np.testing.assert_array_equal(evaluate("Pow", [x, np.array(3, np.int64)]), x**3)
    np.testing.assert_array_equal(
        evaluate("Pow", [np.float32(2), x.reshape(3, 1)]), np.array([[2**0.25], [4], [8]], "f4")
    )


def test_limits_may_be_open_and_the_sign_of_zero_is_that_of_the_first() -> None:
    x = np.array([-5, -0.0, 5], np.float32)
    zero = np.zeros(1, np.float32)
    assert evaluate("Max", [x, zero]).tobytes() == np.array([0, -0.0, 5], np.float32).tobytes()
    np.testing.assert_array_equal(evaluate("Clip", [x, None, np.float32(1)]), [-5, 0, 1])
    np.testing.assert_array_equal(evaluate("Clip", [x, np.float32(-1)]), [-1, 0, 5])


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(Undefined, match="Bessel has no definition that is the same on every processor"):
        evaluate("Bessel", [np.zeros(1)])


@pytest.mark.parametrize(("a", "b"), [((3, 4), (4, 5)), ((4,), (4, 5)), ((2, 3, 4), (4,)), ((2, 1, 3, 4), (6, 4, 5))])
def test_products_and_sums_go_in_order(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=a), rng.normal(size=b)
    np.testing.assert_allclose(product(x, y), x @ y, rtol=1e-12)
    np.testing.assert_allclose(total(x, [-1], True), x.sum(-1, keepdims=True), rtol=1e-14)
    large = np.array([[1e16], [1.0], [-1e16], [1.0]])
    assert total(large, None, False) == product(np.ones((1, 4)), large) == 1.0  # ((1e16 + 1) - 1e16) + 1
