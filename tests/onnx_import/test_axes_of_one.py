"""Axes of one element, scalars with axes, outputs that are one value: what numpy broadcasts, hardware must not meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.model import import_model
from hwflow.passes import canonicalise
from tests.support.exact import assert_exact, imported, real_inputs
from tests.support.qonnx import ModelBuilder, weights


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
@pytest.mark.parametrize("reshaped", [False, True])
def test_a_scalar_with_more_axes_than_the_tensor(tmp_path: Path, rank: int, reshaped: bool) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 8), 6, 3)
    x = m.node("Reshape", x, m.ints(1, 8, 1, 1)) if reshaped else x
    model = imported(tmp_path, m, m.quant(m.node("Mul", x, m.const(np.full((1,) * rank, 0.75))), 6, 2))
    canonical = canonicalise(model.graph)
    assert all(not t.shape for t in canonical.tensors.values() if t.is_constant)
    kernel_graph(model.graph, 200)


def test_a_vector_of_one(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("MatMul", m.node("Reshape", m.quant(m.input(1)), m.ints(1, 1, 1)), m.weights(weights(1, 5)))
    kernel_graph(imported(tmp_path, m, y).graph, 200)


def test_a_value_joined_with_a_constant_and_itself_turned(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.node("Reshape", m.quant(m.input(1)), m.ints(1, 1, 1))
    y = m.node("Concat", x, m.const(np.ones((1, 1, 3))), m.node("Transpose", x, perm=[1, 2, 0]), axis=-1)
    kernel_graph(imported(tmp_path, m, y).graph, 200)


@pytest.mark.parametrize("turned", [False, True])
def test_columns_as_tokens_of_one_element_are_refused_by_name(tmp_path: Path, turned: bool) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4))
    x = m.node("Transpose", x, perm=[0, 2, 1]) if turned else x
    model = imported(
        tmp_path, m, m.quant(m.node("MatMul", m.node("Reshape", x, m.ints(12, 1)), m.weights(weights(1, 5))))
    )
    with pytest.raises(UserError, match="no hardware kernel covers"):
        kernel_graph(model.graph, 200)


def test_outputs_that_are_one_value_keep_their_names(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("MatMul", m.quant(m.input(1, 4, 8)), m.weights(weights(8, 8))))
    a, b = m.node("Identity", y, name="a"), m.node("Dropout", y, name="b")
    c = m.node("Cast", y, name="c", to=1)
    model = import_model(m.save(tmp_path, a, b, c))
    assert [v.name for v in onnx.load_from_string(model.golden).graph.output] == ["a", "b", "c"]
    assert len(set(model.graph.outputs)) == 3
    assert_exact(model, real_inputs(model.graph))


def test_an_output_behind_an_identity_keeps_its_name(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Relu", m.quant(m.input(1, 4))))
    model = imported(tmp_path, m, m.node("Identity", y, name="out"))
    assert [v.name for v in onnx.load_from_string(model.golden).graph.output] == ["out"]
    assert "out" in model.names


def test_an_input_without_axes_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    with pytest.raises(UserError, match="input 'x': found no axes; expected at least one axis"):
        import_model(m.save(tmp_path, m.quant(m.input())))
