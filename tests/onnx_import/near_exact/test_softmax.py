"""Softmax from two exp tables and a reciprocal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.model import ImportedModel
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder


def model(folder: Path, length: int = 8, opset: int = 17, **options: int) -> ImportedModel:
    """Scores of 13 bits and more, probabilities of 8 bits."""
    m = ModelBuilder(opset)
    x = m.quant(m.input(1, 6, length), 8, 5)
    scores = m.node("MatMul", x, m.weights(np.random.default_rng(1).normal(size=(length, length)), 8, 5))
    return near_exact(folder, m, m.quant(m.node("Softmax", scores, axis=-1), 8, 8, signed=False), **options)


@pytest.mark.parametrize(("length", "opset"), [(1, 17), (3, 13), (8, 17), (8, 18), (64, 17)])
def test_rate(tmp_path: Path, length: int, opset: int) -> None:
    """Measured: 0 to 5e-5 of the elements, by one step."""
    report = measured(model(tmp_path, length, opset), 6, length)
    assert report.output_rate < 3e-4
    assert report.max_step_difference <= 1


@pytest.mark.parametrize("length", [1, 5, 200])
def test_log_softmax(tmp_path: Path, length: int) -> None:
    """Measured: at most one step of 2^-17, in one kernel. A row shares its logarithm: rates would count ties."""
    m = ModelBuilder()
    y = m.node("LogSoftmax", m.quant(m.input(1, 4, length), 8, 4), axis=-1)
    imported = near_exact(tmp_path, m, m.quant(y, 24, 17))
    assert measured(imported, 4, length, count=100, spread=3.0).max_step_difference <= 1
    if length > 1:
        assert [kernel.kind for kernel in kernel_graph(imported.graph, 200.0).kernels] == ["row"]


@pytest.mark.parametrize("coarse", [{"exp_bits": 5}, {"table_bits": 5, "newton_steps": 0}, {"value_bits": 9}])
def test_the_measurement_sees_coarse_tables(tmp_path: Path, coarse: dict[str, int]) -> None:
    """Measured: 6e-2, 4e-1, 1.5e-1."""
    assert measured(model(tmp_path, **coarse), 6, 8).output_rate > 1e-2


def test_a_mask_of_minus_infinity_gives_probability_0(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 6, 6), 8, 4)
    mask = m.const(np.triu(np.full((6, 6), -np.inf), 1))
    y = m.quant(m.node("Softmax", m.node("Add", m.node("Mul", x, x), mask), axis=-1), 8, 8, signed=False)
    imported = near_exact(tmp_path, m, y)
    assert measured(imported, 6, 6).output_rate < 3e-4
    graph = imported.graph
    inputs = imported.ports.to_port(np.random.default_rng(0).normal(size=(50, 6, 6)))
    found = reference.run(graph, {graph.inputs[0]: reference.quantise_input(graph, graph.inputs[0], inputs)})
    probabilities = found[graph.outputs[0]]
    assert not probabilities[:, np.triu(np.ones((6, 6), bool), 1)].any()
    assert probabilities[:, 0, 0].min() == 255


def test_another_axis_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    with pytest.raises(UserError, match=r"Softmax 'scores'.*axis 1; expected the last axis"):
        near_exact(tmp_path, m, m.quant(m.node("Softmax", x, axis=1, label="scores"), 8, 8))
