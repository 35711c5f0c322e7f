"""Other files and another oracle: sequential models, Keras 2 files, ``tf2onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime as ort
import pytest
import tensorflow as tf
from keras import layers as kl

from hwflow.frontends.qkeras.export import export_qonnx

from .executor import run
from .models import VECTOR, bits, build, dense, inputs, qk, randomise


@pytest.mark.parametrize("file", ["model.keras", "model.h5"])
@pytest.mark.parametrize("first", [[keras.Input(VECTOR)], []])
def test_a_sequential_model_with_and_without_an_input(first: list[Any], file: str, tmp_path: Path) -> None:
    model = keras.Sequential([*first, qk.QActivation(bits()), dense(), kl.Dropout(0.5), qk.QActivation(bits(6, 3))])
    x = inputs("dense")
    expected = model(x)
    randomise(model)
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / file)
    np.testing.assert_array_equal(run(export_qonnx(tmp_path / file, tmp_path / "m.onnx"), x), expected)
    np.testing.assert_array_equal(run(export_qonnx(model, tmp_path / "live.onnx"), x), expected)


def test_a_file_of_keras_2(tmp_path: Path) -> None:
    old = pytest.importorskip("tf_keras")
    x = entry = old.Input((8, 7, 3))
    x = old.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv")(x)
    x = old.layers.Concatenate()([old.layers.MaxPooling2D(2)(x), old.layers.AveragePooling2D(2)(x)])
    model = old.Model(entry, old.layers.Dense(3)(old.layers.Flatten()(x)))
    rng = np.random.default_rng(0)
    model.set_weights([np.round(rng.normal(size=w.shape) * 16) / 16 for w in model.get_weights()])
    model.save(tmp_path / "old.h5")
    images = np.round(rng.normal(size=(20, 8, 7, 3)) * 8).astype(np.float32) / 8
    found = run(export_qonnx(tmp_path / "old.h5", tmp_path / "m.onnx"), images)
    np.testing.assert_array_equal(found, model.predict(images, verbose=0))


@pytest.mark.parametrize("name", ["automatic", "relu", "attention", "images"])
def test_tf2onnx_makes_the_same_of_a_model(name: str, tmp_path: Path) -> None:
    tf2onnx = pytest.importorskip("tf2onnx")
    model, x = build(name), inputs(name)
    signature = [tf.TensorSpec((None, *x.shape[1:]), tf.float32, name="x")]
    function = tf.function(lambda x: model(x, training=False), input_signature=signature)
    proto, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=17)
    (expected,) = ort.InferenceSession(proto.SerializeToString()).run(None, {"x": x})
    np.testing.assert_array_equal(run(export_qonnx(model, tmp_path / "m.onnx"), x), expected)
