"""Dyadic multipliers, recovered weight scales, biases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwflow.onnx_import.near_exact.bias import round_bias
from hwflow.onnx_import.near_exact.grid import compress, is_dyadic, split_step, step_of, to_dyadic
from hwflow.onnx_import.near_exact.weights import split_weights

SCALES = st.floats(1e-5, 10.0)


@given(SCALES, st.integers(2, 12), st.integers(0, 1000))
def test_the_scale_of_quantised_weights_is_found_again(scale: float, bits: int, seed: int) -> None:
    reach = 2 ** (bits - 1) - 1
    integers = np.random.default_rng(seed).integers(-reach, reach + 1, size=(24, 3))
    weights = (integers * np.float32(scale)).astype(np.float32)
    found = step_of(weights)
    assert found is not None
    multiple = found / scale  # the integers may share a factor
    assert multiple == pytest.approx(round(multiple), rel=1e-5)
    assert np.abs(weights / found - np.rint(weights / found)).max() < 2**-8


def test_real_numbers_have_no_scale() -> None:
    assert step_of(np.random.default_rng(0).normal(size=64).astype(np.float32)) is None


@given(SCALES, st.integers(4, 21))
def test_a_dyadic_number_is_within_half_a_step(value: float, bits: int) -> None:
    found = to_dyadic(np.asarray(value), bits)
    assert is_dyadic(found, bits)
    assert abs(found - value) <= value * 2.0**-bits


def test_split_step_leaves_powers_of_two() -> None:
    assert split_step(0.125) == (1.0, 0.125)
    mantissa, step = split_step(0.3)
    assert (float(mantissa), step) == (pytest.approx(1.2), 0.25)


def test_compress() -> None:
    array = np.broadcast_to(np.asarray([[1.0], [2.0]]), (4, 2, 3))
    assert compress(array).shape == (1, 2, 1)
    assert compress(np.ones((4, 2))).shape == ()


def test_weights_of_two_scales_and_a_dead_channel() -> None:
    integers = np.random.default_rng(0).integers(-127, 128, size=(16, 3))
    integers[:, 2] = 0
    array = (integers * np.asarray([0.011, 0.0237431, 1.0])).astype(np.float32)
    weights, scale, was_float = split_weights(array, -1, 16)
    assert not was_float
    assert scale.shape == (1, 3)
    assert np.allclose(weights * scale, array, rtol=1e-6)


def test_a_bias_lies_on_or_near_the_grid_of_its_accumulator() -> None:
    bias = np.asarray([0.3, -1.7])
    assert np.array_equal(round_bias(bias, 4, 0) * 16, np.rint(bias * 16))
    assert np.abs(round_bias(bias, 4, 6) - bias).max() <= 2**-11
    assert np.abs(round_bias(bias * 1e4, 4, 6) * 16 % 1).max() == 0
    assert not round_bias(np.zeros(3), None, 6).any()
