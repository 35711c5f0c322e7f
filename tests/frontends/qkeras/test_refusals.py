"""Live models that cannot be exported: one clear error each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import qkeras as qk
from keras import layers as kl
from keras import ops

from hwflow.errors import UserError
from hwflow.frontends.qkeras.export import export_qonnx

from .models import act, bits, dense, kernel

CASES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "lambda": (lambda x: kl.Lambda(lambda t: t * 2)(x), "a Lambda, which is Python code"),
    "unsupported": (lambda x: kl.LSTM(3)(kl.Reshape((3, 4))(x)), "unsupported layers: LSTM 'lstm'"),
    "all_at_once": (lambda x: kl.ELU()(kl.LayerNormalization()(x)), "LayerNormalization '.*', ELU '.*'"),
    "mixed_precision": (lambda x: kl.Dense(3, dtype="mixed_float16")(x), "precision policy 'mixed_float16'"),
    "automatic_activation": (act(bits(6, 2, alpha="auto")), "alpha='auto' on activations, whose scale depends on"),
    "automatic_po2_activation": (act(qk.ternary(alpha="auto_po2")), "alpha='auto_po2' on activations"),
    "po2_activation": (act(qk.quantized_po2(4)), "PowerOfTwo on activations"),
    "hard_swish": (act(qk.quantized_hswish(6, 2)), "the activation 'quantized_hswish'"),
    "unsaved_option": (kernel(bits(4, 0, alpha="auto_po2", scale_axis=0)), "quantized_bits with scale_axis=0"),
    "noise": (act(bits(6, 2, qnoise_factor=0.5)), "quantized_bits with qnoise_factor=0.5"),
    "sigmoid_relu": (act(qk.quantized_relu(6, 2, use_sigmoid=1)), "quantized_relu with use_sigmoid=1"),
    "model_in_model": (lambda x: keras.Sequential([kl.Dense(3)])(x), "a model inside the model"),
    "normalised_dot": (lambda x: kl.Dot(1, normalize=True)([x, x]), "normalize=True"),
    "training_flag": (lambda x: kl.Dropout(0.5)(x, training=True), "a call with training=..."),
    "no_weights_left": (lambda x: kernel(qk.binary(alpha="auto"))(x), "weights without a scale"),
    "batch_axis": (lambda x: ops.sum(x, axis=0, keepdims=True), "axis=0; expected an axis other than the batch"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_model_that_is_not_exact_is_refused(name: str, tmp_path: Path) -> None:
    body, message = CASES[name]
    x = keras.Input((12,))
    model = keras.Model(x, body(qk.QActivation(bits())(x)))
    if name == "no_weights_left":
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    with pytest.raises(UserError, match=message) as caught:
        export_qonnx(model, tmp_path / "model.onnx")
    assert all((caught.value.subject, caught.value.found, caught.value.expected, caught.value.remedy))
    assert not list(tmp_path.iterdir())


def test_a_subclassed_model_is_refused(tmp_path: Path) -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(UserError, match="expected a functional or sequential"):
        export_qonnx(Own(), tmp_path / "model.onnx")


def test_an_input_of_unknown_size_is_refused(tmp_path: Path) -> None:
    x = keras.Input((None, 3))
    with pytest.raises(UserError, match=r"the shape \[None, None, 3\]; expected a static one"):
        export_qonnx(keras.Model(x, dense()(x)), tmp_path / "model.onnx")
