"""Each building block: exported and imported, golden.onnx equals ``predict``, and the float twin is near."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.frontends.qkeras import blocks
from hwflow.frontends.qkeras.attention import attention, plain_softmax, stable_softmax
from hwflow.frontends.qkeras.calibrate import best_exponent, calibrate
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.quantization import Quantization
from hwflow.frontends.qkeras.train import copy_weights
from hwflow.models import Precision

from .executor import golden
from .models import randomise

TOKENS, DIM = 6, 16
CAUSAL = [[key <= query for key in range(TOKENS)] for query in range(TOKENS)]
PRECISE = Precision(weight=9, activation=9, table=10, sum=11, bias=22)
SIZES = {"key_dim": 4, "value_dim": 4}
BLOCKS: dict[str, Callable[[Any, Quantization], Any]] = {
    "stable_softmax": stable_softmax,
    "plain_softmax": plain_softmax,
    "layer_norm": blocks.layer_norm,
    "rms_norm": blocks.rms_norm,
    "residual": lambda x, q: blocks.residual(q.linear("linear", DIM)(x), x, q),
    "mean_pool": blocks.mean_pool,
    "max_pool": blocks.max_pool,
    "batch_norm": lambda x, q: q.linear_batch_norm("linear", 5)(x),
    "attention_heads": lambda x, q: attention(x, q, heads=3, key_dim=5, value_dim=2, key_bias=False),
    "attention_masked": lambda x, q: attention(x, q, **SIZES, heads=2, allowed=CAUSAL),
    "attention_plain_masked": lambda x, q: attention(x, q, **SIZES, allowed=CAUSAL, subtract_max=False),
    "attention_linformer": lambda x, q: attention(x, q, **SIZES, heads=2, projected=2),
    **{f: lambda x, q, f=f: blocks.table_activation(x, f, q) for f in get_args(blocks.Function)},  # type: ignore[misc]
}


def wrapped(name: str, q: Quantization) -> Any:
    """The block between an input and an output quantiser."""
    x = keras.Input((TOKENS, DIM), name="inputs")
    y = BLOCKS[name](q.identity("input")(x), q.at("block"))
    return keras.Model(x, q.identity("output", "output")(y))


@pytest.mark.parametrize("name", BLOCKS)
def test_golden_equals_predict_and_the_float_twin_is_near(name: str, tmp_path: Path) -> None:
    model, twin = wrapped(name, Quantization(PRECISE)), wrapped(name, Quantization(PRECISE, enabled=False))
    randomise(twin)
    copy_weights(twin, model)
    x = np.random.default_rng(0).normal(size=(100, TOKENS, DIM)).astype(np.float32)
    calibrate(model, x)
    expected = model.predict(x, verbose=0)
    assert len(np.unique(expected)) > 10
    np.testing.assert_array_equal(golden(export_qonnx(model, tmp_path / "m.onnx"), x), expected)
    real = twin.predict(x, verbose=0)
    assert np.abs(expected - real).mean() < 0.03 * max(1.0, np.abs(real).max())


@pytest.mark.parametrize("size", [3, 12])
def test_a_norm_over_a_width_that_is_no_power_of_two_is_refused(size: int) -> None:
    with pytest.raises(UserError, match=f"a mean over {size} elements; expected a power of two"):
        blocks.layer_norm(keras.Input((TOKENS, size)), Quantization())


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(UserError, match="the function 'sin'; expected gelu, silu, tanh, sigmoid"):
        blocks.table_activation(keras.Input((3,)), "sin", Quantization())  # type: ignore[arg-type]


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(-6, 6), st.booleans())
def test_calibration_takes_the_best_power_of_two(bits: int, exponent: int, signed: bool) -> None:
    x = np.linspace(-1 if signed else 0, 1, 4001)[1:-1] * 2.0**exponent
    assert best_exponent(x, bits, signed) in (exponent, exponent - 1)
    assert best_exponent(np.zeros(5), bits, signed) <= 0
