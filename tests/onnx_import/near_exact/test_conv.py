"""Convolutions, batch norms and means of images whose scales are real numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.ops import Mul, Window
from hwflow.passes import canonicalise
from tests.passes.test_channels_last import assert_streams
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights


def conv(m: ModelBuilder, x: str, *shape: int, per_channel: bool = True, seed: int = 0, **given: object) -> str:
    """A convolution as frameworks train it: a scale for each channel, a float bias, a batch norm."""
    outputs = shape[0]
    scale = np.geomspace(0.004, 0.02, outputs).reshape(-1, 1, 1, 1) if per_channel else 0.0123
    w = m.quant(m.const(weights(*shape, seed=seed, spread=0.4)), 8, scale=scale, narrow=True)
    y = m.node("Conv", x, w, m.const(weights(outputs, seed=seed + 1)), **given)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    statistics = [rng.normal(1, 0.2, outputs), rng.normal(0, 0.2, outputs), rng.normal(0, 0.2, outputs)]
    return m.node("BatchNormalization", y, *(m.const(a) for a in (*statistics, rng.uniform(0.5, 2, outputs))))


@pytest.mark.parametrize("per_channel", [False, True])
def test_a_network_of_convolutions(tmp_path: Path, per_channel: bool) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 6, 6), 8, scale=0.0271)
    y = conv(m, x, 6, 3, 3, 3, per_channel=per_channel, pads=[1, 1, 1, 1], strides=[2, 2])
    y = m.quant(m.node("Relu", y), 8, scale=0.0153, signed=False)
    y = m.quant(conv(m, y, 6, 1, 3, 3, per_channel=per_channel, group=6, pads=[1, 1, 1, 1], seed=3), 8, scale=0.021)
    y = m.quant(conv(m, y, 4, 6, 1, 1, per_channel=per_channel, seed=5), 8, scale=0.03)
    model = near_exact(tmp_path, m, m.quant(m.node("GlobalAveragePool", y), 8, scale=0.011))
    assert measured(model, 3, 6, 6, count=200).output_rate < 5e-3
    assert_streams(canonicalise(model.graph))


def test_a_depthwise_kernel_keeps_the_scales_of_its_channels(tmp_path: Path) -> None:
    """A batch norm between two convolutions that no quantiser parts would mix them; here each is behind its own."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 5, 5), 8, scale=0.0271)
    y = m.quant(conv(m, x, 4, 1, 3, 3, group=4), 8, scale=0.0417)
    report = measured(near_exact(tmp_path, m, y), 4, 5, 5, count=200)
    assert report.max_step_difference <= 1 and report.output_rate < 5e-3


def test_a_mean_over_nine_pixels_is_a_factor(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 6, 6), 8, scale=0.0271)
    y = m.node("AveragePool", x, kernel_shape=[3, 3], strides=[3, 3])
    model = near_exact(tmp_path, m, m.quant(y, 8, scale=0.017))
    assert any("a sum of windows" in note for note in model.rewrites)
    kinds = [type(n.op) for n in model.graph.nodes]
    assert kinds.count(Window) == 1 and kinds.count(Mul) == 1
    assert measured(model, 3, 6, 6, count=200).output_rate < 5e-3


def test_a_maximum_between_quantisers(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 6, 6), 8, scale=0.0271)
    y = m.quant(m.node("Relu", conv(m, x, 4, 3, 3, 3)), 8, scale=0.02, signed=False)
    y = m.node("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    assert measured(near_exact(tmp_path, m, m.quant(y, 8, scale=0.03)), 3, 6, 6, count=200).output_rate < 5e-3


def test_a_float_convolution_gets_quantisers(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Relu", m.node("Conv", m.input(1, 3, 6, 6), m.const(weights(4, 3, 3, 3)), m.const(weights(4))))
    y = m.node("Conv", y, m.const(weights(2, 4, 1, 1)))
    model = near_exact(tmp_path, m, m.quant(y, 8, 2))
    assert measured(model, 3, 6, 6, count=100).max_step_difference <= 1
