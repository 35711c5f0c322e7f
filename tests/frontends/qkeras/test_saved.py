"""Other files and another oracle: sequential models, Keras 2 files, ``tf2onnx``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime as ort
import pytest
import tensorflow as tf
from keras import layers as kl

from hwflow.errors import UserError
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


@pytest.mark.parametrize(("weights", "version"), [("m.weights.h5", 3), ("m_weights.h5", 2), ("m.h5", 2)])
def test_a_configuration_with_weights_beside_it(weights: str, version: int, tmp_path: Path) -> None:
    library: Any = keras if version == 3 else pytest.importorskip("tf_keras")
    model = library.Sequential(
        [library.Input((6,)), library.layers.Dense(4, name="a"), library.layers.Dense(3, name="b")]
    )
    rng = np.random.default_rng(0)
    model.set_weights([np.round(rng.normal(size=w.shape) * 16) / 16 for w in model.get_weights()])
    path = tmp_path / "m.json"
    path.write_text(model.to_json())
    with pytest.raises(UserError, match=r"no weights beside it; expected m\.weights\.h5 or m_weights\.h5 or m\.h5"):
        export_qonnx(path, tmp_path / "m.onnx")
    model.save_weights(tmp_path / weights)
    x = (np.round(rng.normal(size=(20, 6)) * 8) / 8).astype(np.float32)
    np.testing.assert_array_equal(run(export_qonnx(path, tmp_path / "m.onnx"), x), model.predict(x, verbose=0))


def test_a_sequential_model_whose_configuration_is_a_list(tmp_path: Path) -> None:
    old = pytest.importorskip("tf_keras")
    model = old.Sequential([old.layers.Dense(4, input_shape=(6,), name="a"), old.layers.Dense(3, name="b")])
    document = json.loads(model.to_json())
    layers = [entry for entry in document["config"]["layers"] if entry["class_name"] != "InputLayer"]
    (tmp_path / "m.json").write_text(json.dumps({**document, "config": layers}))
    model.save_weights(tmp_path / "m.h5")
    x = np.ones((2, 6), np.float32)
    found = run(export_qonnx(tmp_path / "m.json", tmp_path / "m.onnx"), x)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-6)


def test_unsupported_layers_are_listed_before_how_they_are_called(tmp_path: Path) -> None:
    x = entry = keras.Input((8, 16))
    tokens = keras.Input((8,), dtype="int32")
    x = kl.Add()([x, kl.MultiHeadAttention(2, 8)(query=x, value=x), kl.Embedding(5, 16)(tokens)])
    model = keras.Model([entry, tokens], kl.Dense(5)(kl.LayerNormalization()(x)))
    for file in ("m.keras", "m.h5"):
        model.save(tmp_path / file)
        with pytest.raises(UserError, match=r"unsupported layers: .*MultiHeadAttention.*Embedding.*LayerNormalization"):
            export_qonnx(tmp_path / file, tmp_path / "m.onnx")


@pytest.mark.parametrize("name", ["automatic", "relu", "attention", "images"])
def test_tf2onnx_makes_the_same_of_a_model(name: str, tmp_path: Path) -> None:
    tf2onnx = pytest.importorskip("tf2onnx")
    model, x = build(name), inputs(name)
    signature = [tf.TensorSpec((None, *x.shape[1:]), tf.float32, name="x")]
    function = tf.function(lambda x: model(x, training=False), input_signature=signature)
    proto, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=17)
    (expected,) = ort.InferenceSession(proto.SerializeToString()).run(None, {"x": x})
    np.testing.assert_array_equal(run(export_qonnx(model, tmp_path / "m.onnx"), x), expected)
