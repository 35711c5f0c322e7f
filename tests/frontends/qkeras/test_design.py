"""Models of a user's own: saved, exported, built, and simulated as C++."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import qkeras as qk
from keras import layers as kl

import hwflow
from hwflow.frontends.qkeras.attention import stable_softmax
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.quantization import Quantization
from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.model import import_model

from .models import IMAGE, SEQUENCE, bits, both, chain, conv, dense, randomise

RELU = qk.quantized_relu(6, 2)
GLOBAL = {
    "average": kl.GlobalAveragePooling2D(),
    "kept": kl.GlobalAveragePooling2D(keepdims=True),
    "maximum": kl.GlobalMaxPooling2D(),
    "quantised": qk.QGlobalAveragePooling2D(average_quantizer=bits(8, 0), activation=bits()),
}


def network(x: Any) -> Any:
    """Convolutions with BatchNorms that fold, a depthwise one, both kinds of pooling, a head."""
    x = qk.QActivation(bits())(qk.QConv2DBatchnorm(4, 3, padding="same", **both())(x))
    x = qk.QActivation(bits())(qk.QDepthwiseConv2DBatchnorm(3, padding="same", **both("depthwise"))(x))
    x = kl.MaxPooling2D(2)(qk.QActivation(bits())(kl.Add()([x, qk.QActivation(RELU)(qk.QConv2D(4, 1, **both())(x))])))
    return dense()(qk.QActivation(bits())(kl.GlobalAveragePooling2D()(x)))


def attention(x: Any) -> Any:
    """Both products by ``Dot``, hwflow's table softmax between them."""
    q, k, v = (qk.QActivation(bits())(dense(4)(x)) for _ in range(3))
    weights = stable_softmax(kl.Dot(axes=(2, 2))([q, k]), Quantization().at("softmax"))
    return dense(3)(qk.QActivation(bits())(kl.Dot(axes=(2, 1))([weights, v])))


def model_of(shape: tuple[int, ...], body: Callable[[Any], Any]) -> Any:
    x = keras.Input(shape, name="input")
    model = keras.Model(x, qk.QActivation(bits(12, 6))(body(qk.QActivation(bits())(x))))
    randomise(model)
    return model


def kinds(model: Any, folder: Path) -> list[str]:
    """The kernels of an exported model."""
    graph = import_model(export_qonnx(model, folder / "model.onnx")).graph
    return [kernel.kind for kernel in kernel_graph(graph, 200.0).kernels]


def test_a_saved_network_becomes_a_design_that_equals_predict(tmp_path: Path) -> None:
    model = model_of((6, 6, 3), network)
    model.save(tmp_path / "old.h5")
    file = export_qonnx(tmp_path / "old.h5", tmp_path / "old.onnx")
    x = np.random.default_rng(3).normal(0, 2.5, (20, 6, 6, 3)).astype(np.float32)
    design = hwflow.convert(file, output_dir=tmp_path / "design", clock_mhz=200, vectors=x)
    design.csim(20)
    design.check()
    expected = model.predict(x, verbose=0)
    assert len(np.unique(expected)) > 10
    np.testing.assert_array_equal(design.predict(x), expected)


def test_dot_is_the_product_of_attention(tmp_path: Path) -> None:
    assert "attention" in kinds(model_of(SEQUENCE, attention), tmp_path)


@pytest.mark.parametrize("name", GLOBAL)
def test_global_pools_are_kernels(name: str, tmp_path: Path) -> None:
    model = model_of(IMAGE, chain(conv(), lambda x: qk.QActivation(bits())(x), lambda x: GLOBAL[name](x)))
    assert kinds(model, tmp_path) == ["window", "linear", "pool"]
