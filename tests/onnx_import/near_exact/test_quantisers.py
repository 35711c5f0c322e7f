"""Quantisers where a model has none: input, probabilities, logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights


def test_an_unquantised_input_and_output(tmp_path: Path) -> None:
    """The output's grid is 16 bits fine: half of the elements are off by a step or two of it, the class never."""
    m = ModelBuilder()
    y = m.node("MatMul", m.input(1, 8), m.quant(m.const(weights(8, 4)), 8, scale=0.0171))
    samples = np.random.default_rng(0).normal(size=(50, 8))
    imported = near_exact(tmp_path, m, y, samples=samples, input_bits=14)
    graph = imported.graph
    assert [graph.tensors[i].type.width for i in (*graph.inputs, *graph.outputs)] == [14, 16]
    assert [line.split(": ")[1].split(" up to")[0] for line in imported.rewrites[:2]] == [
        "inserted, 14 bits",
        "inserted, 16 bits",
    ]
    report = measured(imported, 8)
    assert report.top1_changes <= 2
    assert report.max_step_difference <= 4


def test_finer_inputs_are_nearer(tmp_path: Path) -> None:
    def rate(bits: int) -> float:
        m = ModelBuilder()
        y = m.node("MatMul", m.input(1, 8), m.weights(weights(8, 8)))
        return measured(near_exact(tmp_path, m, m.quant(y, 8, 4), input_bits=bits), 8).output_rate

    assert rate(16) < 0.2 * rate(12) < 0.2 * rate(8)


def test_unquantised_probabilities(tmp_path: Path) -> None:
    """A softmax straight into the product of the context gets 16 bits. Measured: 4e-4."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 6, 8), 8, 5)
    p = m.node("Softmax", m.node("MatMul", x, m.node("Transpose", x, perm=[0, 2, 1])), axis=-1)
    assert measured(near_exact(tmp_path, m, m.quant(m.node("MatMul", p, x), 8, 5)), 6, 8).output_rate < 5e-3
