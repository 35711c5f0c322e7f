"""Inference has the same bits when the frameworks' own exp, rsqrt, tanh, ... are 3 units in the last place off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwflow.frontends.brevitas.export import export_qonnx as export_torch
from hwflow.onnx_import.model import import_model
from hwflow.verify.golden import golden_runner

from .approximate import ApproximateTorch, approximate_keras
from .blocks import SHAPE, inputs, keras_model, torch_model


def golden(path: Path, x: np.ndarray) -> np.ndarray:
    """Outputs of golden.onnx in real units."""
    imported = import_model(path)
    (output,) = imported.graph.outputs
    integers = golden_runner(imported, [output]).run(x)[output]
    return np.asarray(integers * imported.graph.tensors[output].type.step)


def test_torch(tmp_path: Path) -> None:
    model, x = torch_model(), inputs(200)
    expected = golden(export_torch(model, tmp_path / "m.onnx", SHAPE), x)
    assert len(np.unique(expected)) > 10
    with torch.no_grad(), ApproximateTorch() as off:
        found = model(torch.from_numpy(x))
    np.testing.assert_array_equal(found, expected)
    assert not off.calls
    with torch.no_grad(), ApproximateTorch() as off:  # training has torch's own
        model.train()(torch.from_numpy(x))
    assert {"aten.exp.default", "aten.reciprocal.default", "aten.sqrt.default"} <= set(off.calls)


def test_torch_gives_a_gradient_in_evaluation() -> None:
    model, x = torch_model(), torch.from_numpy(inputs(4)).requires_grad_()
    model(x).sum().backward()
    assert x.grad is not None and torch.count_nonzero(x.grad)


@pytest.fixture(scope="module")
def keras_twin() -> Any:
    return keras_model()


@pytest.mark.parametrize("jit", ["auto", True, False])
def test_keras(keras_twin: Any, tmp_path: Path, jit: bool | str) -> None:
    from hwflow.frontends.qkeras.export import export_qonnx

    model, x = keras_twin, inputs(200)
    expected = golden(export_qonnx(model, tmp_path / "m.onnx"), x)
    assert len(np.unique(expected)) > 10
    with approximate_keras() as calls:
        model.compile(jit_compile=jit)
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
        np.testing.assert_array_equal(model(x[:20]), expected[:20])
        assert not calls
        model(x[:20], training=True)
    assert {"exp", "reciprocal", "sqrt", "tanh", "gelu"} <= set(calls)


def test_a_loaded_keras_model_looks_up_the_same_values(keras_twin: Any, tmp_path: Path) -> None:
    import keras

    from hwflow.frontends.qkeras.export import export_qonnx

    x = inputs(50)
    keras_twin.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    with approximate_keras() as calls:
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), keras_twin.predict(x, verbose=0))
        for name in ("norm.variance", "gelu.input_quant", "stable.softmax.difference"):  # other grids, other tables
            quantiser = loaded.get_layer(name).activation
            quantiser.integer = type(quantiser.integer)(quantiser.integer + 1)
        loaded.compile()
        found = loaded.predict(x, verbose=0)
    assert not calls
    np.testing.assert_array_equal(found, golden(export_qonnx(loaded, tmp_path / "again.onnx"), x))
