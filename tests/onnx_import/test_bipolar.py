"""BipolarQuant: weights fold to plus and minus their scale, activations become a sign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.exact import original
from tests.support.qonnx import QONNX, ModelBuilder, weights


def test_weights(tmp_path: Path) -> None:
    m = ModelBuilder()
    values = weights(8, 4)
    values[0] = [0.0, -0.0, 1e-30, -1e-30]
    w = m.node("BipolarQuant", m.const(values), m.const(0.5), domain=QONNX)
    model = original(tmp_path, m, m.quant(m.node("MatMul", m.quant(m.input(1, 8), 8, 4), w), 12, 3))
    (matrix,) = (t for t in model.graph.tensors.values() if t.shape == (8, 4))
    assert np.array_equal(matrix.values, np.where(values >= 0, 1, -1))


@pytest.mark.parametrize("scale", [1.0, 0.25, 4.0])
@pytest.mark.parametrize("frac", [-2, 0, 5])
def test_activations(tmp_path: Path, scale: float, frac: int) -> None:
    m = ModelBuilder()
    x = m.node("BipolarQuant", m.quant(m.input(1, 32), 8, frac), m.const(scale), domain=QONNX)
    original(tmp_path, m, m.node("Neg", x))


def test_an_input(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.node("BipolarQuant", m.input(1, 32), m.const(0.5), domain=QONNX)
    original(tmp_path, m, m.quant(m.node("MatMul", x, m.weights(weights(32, 3))), 8, 2))
