"""Asymmetric quantisers: a zero point inside the range keeps every bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.exact import imported
from tests.support.qonnx import ModelBuilder, weights


@pytest.mark.parametrize("point", [-3, 1, 64, 127])
def test_a_zero_point_of_quant(tmp_path: Path, point: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    y = m.quant(m.node("MatMul", x, m.weights(weights(16, 8))), 8, 3, zero_point=float(point))
    imported(tmp_path, m, m.node("Relu", y))


@pytest.mark.parametrize("point", [0, 17, 128, 255])
def test_a_zero_point_of_quantize_linear(tmp_path: Path, point: int) -> None:
    m = ModelBuilder()
    scale, zero = m.const(0.125), m.const(point, np.uint8)
    x = m.quant(m.input(1, 16), 8, 4)
    y = m.node("DequantizeLinear", m.node("QuantizeLinear", m.node("Add", x, x), scale, zero), scale, zero)
    imported(tmp_path, m, m.node("Neg", y))
