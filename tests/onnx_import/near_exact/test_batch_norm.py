"""BatchNormalization: part of the next quantiser's multiplier and bias."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.kernels.network import kernel_graph
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights


def norm(m: ModelBuilder, x: str, channels: int) -> str:
    """Factors of both signs."""
    rng = np.random.default_rng(4)
    gamma, beta, mean = (m.const(rng.normal(size=channels)) for _ in range(3))
    return m.node("BatchNormalization", x, gamma, beta, mean, m.const(rng.uniform(0.5, 2, channels)))


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("scale", [2.0**-6, 0.0123])
def test_rate(tmp_path: Path, transposed: bool, scale: float) -> None:
    """Measured: 0. On tokens, as torch needs two transposes for, it is one linear kernel."""
    m = ModelBuilder()
    x = m.quant(m.input(*((1, 5, 8) if transposed else (1, 8))), 8, scale=0.0271)
    y = m.node("MatMul", x, m.quant(m.const(weights(8, 12, spread=0.4)), 8, scale=scale, narrow=True))
    if transposed:
        y = norm(m, m.node("Transpose", y, perm=[0, 2, 1]), 12)
        y = m.node("Transpose", y, perm=[0, 2, 1])
    else:
        y = norm(m, y, 12)
    imported = near_exact(tmp_path, m, m.quant(m.node("Relu", y), 8, scale=0.0217, signed=False))
    assert measured(imported, *((5, 8) if transposed else (8,))).output_rate < 5e-4
    if transposed:
        assert [k.kind for k in kernel_graph(imported.graph, 200.0).kernels] == ["linear"]


@pytest.mark.parametrize("between", ["nothing", "MaxPool", "finer quantiser"])
def test_rate_behind_a_coarse_image(tmp_path: Path, between: str) -> None:
    """Measured: 0. What is put in front of the Conv leaves the coarse grid of signs, on which the bias must lie."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 6, 6), 2, 0, narrow=True)
    if between == "MaxPool":
        x = m.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    elif between == "finer quantiser":
        x = m.quant(m.node("Neg", x), 20, 14)
    signs = m.const(np.sign(weights(12, 4, 3, 3)))
    y = norm(m, m.node("Conv", x, signs), 12)
    imported = near_exact(tmp_path, m, m.quant(y, 2, 0, narrow=True))
    assert between == "finer quantiser" or not any("inserted" in note for note in imported.rewrites)
    assert measured(imported, 4, 6, 6).output_rate < 5e-4
