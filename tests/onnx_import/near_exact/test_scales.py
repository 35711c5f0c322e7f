"""Real scales: integers, dyadic multipliers, and the scales of the ports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.ir.ops import MatMul
from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.ports import INPUT_SCALE, OUTPUT_SCALE
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights


def metadata(model: ImportedModel, key: str) -> list[float]:
    """The scales of a kind of port."""
    entries = {e.key: e.value for e in onnx.load_from_string(model.golden).metadata_props}
    return list(json.loads(entries.get(key, "{}")).values())


def linear(m: ModelBuilder, x: str, rows: int, columns: int, scale: object = 0.0123, seed: int = 0) -> str:
    """Weights of real scales and a float bias."""
    w = m.quant(m.const(weights(rows, columns, seed=seed, spread=0.4)), 8, scale=scale, narrow=True)
    return m.node("Add", m.node("MatMul", x, w), m.const(weights(columns, seed=seed + 1)))


def test_a_power_of_two_model_stays_as_it_is(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, 4)
    imported = near_exact(tmp_path, m, m.node("MatMul", x, m.weights(weights(8, 4))))
    assert imported.rewrites == ()
    assert imported.original is None


@pytest.mark.parametrize("scale", [0.0123, np.geomspace(0.004, 0.02, 12)], ids=["per tensor", "per channel"])
def test_two_layers(tmp_path: Path, scale: object) -> None:
    """Measured: 6e-5 and 1.3e-4 of the elements, by one step. Products stay 8 by 8 bits wide."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    y = m.quant(m.node("Relu", linear(m, x, 8, 12, scale)), 8, scale=0.0153, signed=False)
    imported = near_exact(tmp_path, m, m.quant(linear(m, y, 12, 8, seed=5), 8, scale=0.0417))
    report = measured(imported, 5, 8)
    assert report.output_rate < 5e-4
    assert metadata(imported, INPUT_SCALE) == [pytest.approx(0.0271 * 32)]
    assert metadata(imported, OUTPUT_SCALE) == [pytest.approx(0.0417 * 32, rel=1e-6)]
    for node in imported.graph.nodes:
        if isinstance(node.op, MatMul):
            assert {imported.graph.tensors[i].type.width for i in node.inputs} == {8}


@pytest.mark.parametrize("bits", [4, 8])
def test_the_measurement_sees_coarse_multipliers(tmp_path: Path, bits: int) -> None:
    """Measured: 1e-1 at 8 bits, 6e-1 at 4."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    y = m.quant(linear(m, x, 8, 8), 8, scale=0.0153)
    assert measured(near_exact(tmp_path, m, y, multiplier_bits=bits), 5, 8).output_rate > 2e-2


def test_a_residual_of_two_scales(tmp_path: Path) -> None:
    """Measured: 1.3e-4."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    y = m.quant(m.node("Add", x, linear(m, x, 8, 8)), 8, scale=0.0333)
    z = m.quant(m.node("Sub", y, x), 8, scale=0.0291)
    assert measured(near_exact(tmp_path, m, z), 5, 8).output_rate < 5e-4


@pytest.mark.parametrize("then", [None, "LayerNormalization"])
@pytest.mark.parametrize("per_channel", [0, 1, 2], ids=["per tensor", "one per channel", "both per channel"])
def test_a_scale_for_each_branch_of_a_sum(tmp_path: Path, per_channel: int, then: str | None) -> None:
    """In front of a quantiser, whose scale both take, and of a norm, where they go back to the numbers themselves.

    The output's step is larger than the branches': one of theirs that falls the other way is at most one of it.
    """
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    scales = [np.geomspace(0.02, 0.05, 8), np.geomspace(0.07, 0.03, 8)][:per_channel]
    scales += [0.0313, 0.0417][per_channel:]
    branches = [m.quant(linear(m, x, 8, 8, seed=n), 8, scale=scale) for n, scale in enumerate(scales)]
    y = m.node("Add", *branches)
    if then:
        y = m.node(then, y, m.const(np.linspace(0.5, 1.5, 8)), m.const(weights(8)), axis=-1)
    report = measured(near_exact(tmp_path, m, m.quant(y, 8, scale=0.0733)), 5, 8)
    assert report.output_rate < 2e-3
    assert report.max_step_difference <= 1


def test_scales_are_moved_with_their_elements(tmp_path: Path) -> None:
    """Per-channel weights, heads split and joined, parts of two scales concatenated. Measured: 0."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 6, 8), 8, scale=0.0271)
    y = m.node("Reshape", linear(m, x, 8, 8, np.geomspace(0.004, 0.02, 8)), m.ints(1, 6, 2, 4))
    q = m.quant(m.node("Transpose", y, perm=[0, 2, 1, 3]), 8, scale=0.0211)
    scores = m.node("Div", m.node("MatMul", q, m.node("Transpose", q, perm=[0, 1, 3, 2])), m.const(4**0.5 * 1.1))
    a, b = m.nodes_of("Split", 2, m.quant(scores, 8, scale=0.0313), axis=1)
    joined = m.node("Concat", a, m.quant(m.node("Relu", b), 8, scale=0.0191, signed=False), axis=1)
    assert measured(near_exact(tmp_path, m, m.quant(joined, 8, scale=0.0319)), 6, 8).output_rate < 1e-3


def test_a_pool_and_float_weights(tmp_path: Path) -> None:
    """A mean over 5 tokens goes into the scale; float weights take 16 bits. Measured: 6e-4."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    pooled = m.quant(m.node("ReduceMean", x, axes=[1], keepdims=0), 8, scale=0.0151)
    imported = near_exact(tmp_path, m, m.quant(m.node("MatMul", pooled, m.const(weights(8, 4))), 8, scale=0.0255))
    assert measured(imported, 5, 8).output_rate < 2e-3
    assert "1 matrix(es) of float weights were rounded to 16 bits" in imported.rewrites


def test_an_input_of_many_scales_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 4), 8, scale=[0.01, 0.02, 0.03, 0.05], name="q")
    with pytest.raises(UserError, match=r"Quant 'q'.*a scale per channel; expected one scale"):
        near_exact(tmp_path, m, m.quant(m.node("Relu", x), 8, scale=0.0123))


def test_an_asymmetric_input_of_a_real_scale(tmp_path: Path) -> None:
    """QCDQ in uint8 with a zero point, as other tools export. Measured: 2.5e-4."""
    m = ModelBuilder()
    scale, zero = m.const(0.0271), m.const(113, np.uint8)
    x = m.node("DequantizeLinear", m.node("QuantizeLinear", m.input(1, 5, 8), scale, zero), scale, zero)
    y = m.quant(linear(m, x, 8, 8), 8, scale=0.0153, zero_point=-20.0)
    assert measured(near_exact(tmp_path, m, y), 5, 8).output_rate < 1e-3


@pytest.mark.parametrize("point", [0.5, 300.0])
def test_a_zero_point_that_is_no_integer_of_the_range_is_refused(tmp_path: Path, point: float) -> None:
    m = ModelBuilder()
    with pytest.raises(UserError, match=r"Quant 'q'.*zero point"):
        near_exact(tmp_path, m, m.quant(m.input(1, 4), 8, zero_point=point, name="q"))
