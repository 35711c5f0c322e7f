"""The quantisers, bit for bit, against qonnx' own functions and the tables of its specification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.floatquant import float_quant as qonnx_float_quant
from qonnx.custom_op.general.intquant import int_quant as qonnx_int_quant
from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

from hwflow.oracle.qonnx_ops import bipolar_quant, float_quant, int_quant, trunc
from hwflow.oracle.rounding import rounding

MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "round", "floor")
SCALES = st.sampled_from([2.0**-7, 0.25, 1.0, 8.0, 0.1, 0.3333, 1.7])
BITS = st.sampled_from([2, 3, 4, 5, 8, 11, 16, 2.5, 3.75])
POINTS = st.sampled_from([0.0, 1.0, 3.0, -5.0, 2.0, 127.0, 0.5, 0.3])

TABLE = {
    5.5: (6, 6, 5, 6, 5, 6, 5),
    2.5: (2, 3, 2, 3, 2, 3, 2),
    1.6: (2, 2, 1, 2, 1, 2, 2),
    1.1: (1, 2, 1, 2, 1, 1, 1),
    1.0: (1, 1, 1, 1, 1, 1, 1),
    -1.0: (-1, -1, -1, -1, -1, -1, -1),
    -1.1: (-1, -1, -2, -2, -1, -1, -1),
    -1.6: (-2, -1, -2, -2, -1, -2, -2),
    -2.5: (-2, -2, -3, -3, -2, -3, -2),
    -5.5: (-6, -5, -6, -6, -5, -6, -5),
}
"""The specification's: ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP, HALF_DOWN."""


@pytest.mark.parametrize("column, mode", enumerate(("ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")))
def test_the_rounding_modes_are_those_of_the_table(column: int, mode: str) -> None:
    found = rounding(mode)(np.array(list(TABLE), np.float64))
    assert found.tolist() == [row[column] for row in TABLE.values()]


def test_an_unknown_rounding_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="STOCHASTIC"):
        rounding("STOCHASTIC")


def _values(seed: int, step: float, type: type = np.float32) -> np.ndarray:
    """Halves, what lies next to them, and anything."""
    rng = np.random.default_rng(seed)
    halves = (rng.integers(-300, 300, 64) / 2 * step).astype(type)
    beside = np.nextafter(halves, rng.choice([-np.inf, np.inf], 64).astype(type))
    return np.concatenate([halves, beside, rng.normal(0, 40 * step, 64).astype(type)])


@given(st.integers(0, 99), SCALES, POINTS, BITS, st.booleans(), st.booleans(), st.sampled_from(MODES))
def test_int_quant(seed: int, scale: float, point: float, bits: float, signed: bool, narrow: bool, mode: str) -> None:
    """qonnx adds the zero point, and a half, to the float32 quotient in the type that it is given: float64 is exact."""
    parameters = (np.float32(scale), np.float32(point), np.float32(bits))
    x = _values(seed, scale)
    quotient = (x / np.float32(scale)).astype(np.float64)
    expected = qonnx_int_quant(quotient, np.float64(1), *parameters[1:], int(signed), int(narrow), mode) * np.float32(
        scale
    )
    found = int_quant(x, *map(np.asarray, parameters), int(signed), int(narrow), mode)
    np.testing.assert_array_equal(found, expected)


@given(st.integers(0, 99), SCALES, BITS, st.booleans(), st.sampled_from(MODES[:6]))
def test_int_quant_in_float32(seed: int, scale: float, bits: float, signed: bool, mode: str) -> None:
    """Without a zero point and a half to add, as qonnx executes a file."""
    parameters = (np.float32(scale), np.float32(0), np.float32(bits))
    x = _values(seed, scale)
    found = int_quant(x, *map(np.asarray, parameters), int(signed), 0, mode).astype(np.float32)
    np.testing.assert_array_equal(found, qonnx_int_quant(x, *parameters, int(signed), 0, mode))


@given(st.integers(0, 99), st.sampled_from(MODES))
def test_int_quant_by_channel(seed: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 5, (2, 6, 5)).astype(np.float32)
    scale = rng.choice([0.25, 0.1, 1, 3], (1, 6, 1)).astype(np.float32)
    point, bits = rng.integers(-4, 5, (1, 6, 1)).astype(np.float32), np.float32(5)
    expected = qonnx_int_quant((x / scale).astype(np.float64), np.float64(1), point, bits, 1, 0, mode) * scale
    np.testing.assert_array_equal(int_quant(x, scale, point, np.asarray(bits), 1, 0, mode), expected)


@given(st.integers(0, 99), SCALES)
def test_bipolar_quant(seed: int, scale: float) -> None:
    x = np.append(_values(seed, scale), np.float32(0))
    np.testing.assert_array_equal(bipolar_quant(x, np.float32(scale)), binary_quant(x, np.float32(scale)))


@given(st.integers(0, 99), SCALES, POINTS, st.integers(4, 12), st.integers(2, 4), st.sampled_from(MODES))
def test_trunc(seed: int, scale: float, point: float, bits: int, kept: int, mode: str) -> None:
    parameters = (np.float32(scale), np.float32(point), np.float32(bits))
    x, out_bits, out_scale = _values(seed, scale), np.float32(kept), np.float32(scale) * np.float32(4)
    np.testing.assert_array_equal(
        trunc(x, *map(np.asarray, (*parameters, out_bits)), rounding_mode=mode),
        trunc_v1(x, *parameters, out_bits, mode),
    )
    np.testing.assert_array_equal(
        trunc(x, *map(np.asarray, (*parameters, out_scale, out_bits)), rounding_mode=mode, signed=1, narrow=1),
        trunc_v2(x, *parameters, 1, 1, out_scale, out_bits, mode),
    )


@given(
    st.integers(0, 99), SCALES, st.integers(2, 5), st.integers(1, 7), st.integers(1, 15), st.sampled_from(MODES[:4])
)  # fmt: skip
def test_float_quant(seed: int, scale: float, exponents: int, mantissas: int, bias: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.integers(-4000, 4000, 128) * 2.0 ** rng.integers(-12, 2, 128) * np.float32(scale)).astype(np.float32)
    # log2 of a float32 next to a power of two is rounded to it in qonnx' implementation, not in its definition
    assume(np.all(np.abs(np.abs(np.log2(np.abs(x[x != 0]) / np.float32(scale))) % 1) < 0.999999))
    parameters = [np.float32(n) for n in (scale, exponents, mantissas, bias, 3.5)]
    expected = qonnx_float_quant(x, *parameters[:4], True, parameters[4], rounding_mode=mode)
    found = float_quant(x, *map(np.asarray, parameters), rounding_mode=mode)
    np.testing.assert_array_equal(found, expected.astype(np.float32))  # as its executor rounds it
