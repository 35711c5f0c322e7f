"""Functions of accumulators: first-order tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.ir.ops import Table
from hwflow.onnx_import.model import ImportedModel
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights


def gelu(m: ModelBuilder, x: str) -> str:
    """As torch exports it before opset 20."""
    erf = m.node("Erf", m.node("Div", x, m.const(2**0.5)))
    return m.node("Mul", m.node("Mul", x, m.node("Add", erf, m.const(1.0))), m.const(0.5))


def silu(m: ModelBuilder, x: str) -> str:
    return m.node("Mul", x, m.node("Sigmoid", x))


FUNCTIONS = {
    "gelu": gelu,
    "silu": silu,
    "tanh": lambda m, x: m.node("Tanh", x),
    "sigmoid": lambda m, x: m.node("Sigmoid", x),
}


def model(folder: Path, name: str, **options: int) -> ImportedModel:
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    w = m.quant(m.const(weights(8, 16, spread=0.4)), 8, scale=0.0123, narrow=True)
    y = FUNCTIONS[name](m, m.node("Add", m.node("MatMul", x, w), m.const(weights(16))))
    return near_exact(folder, m, m.quant(y, 8, scale=0.0173), **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rate(tmp_path: Path, name: str) -> None:
    """Measured: 1.3e-4 to 3.4e-4 of the elements, by one step. Tables have 12 address bits."""
    imported = model(tmp_path, name)
    report = measured(imported, 5, 8)
    assert report.output_rate < 1e-3
    assert report.max_step_difference <= 1
    tables = [imported.graph.tensors[n.inputs[0]].type.width for n in imported.graph.nodes if isinstance(n.op, Table)]
    assert tables == [12, 12]


HARD = {
    "relu6": lambda m, x: m.node("Clip", x, m.const(0.0), m.const(6.0)),
    "hardswish": lambda m, x: m.node("HardSwish", x),
    "hardswish in parts": lambda m, x: m.node("Mul", x, m.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)),
}


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("name", HARD)
def test_functions_with_kinks(tmp_path: Path, name: str, quantised: bool) -> None:
    """Of a wide sum and of a narrow tensor, on both sides of both kinks; the limit 6 is on no grid."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    w = m.quant(m.const(weights(8, 8)), 8, scale=0.0313, narrow=True)
    y = m.node("Add", m.node("MatMul", x, w), m.const(weights(8)))
    y = HARD[name](m, m.quant(y, 8, scale=0.0719) if quantised else y)
    report = measured(near_exact(tmp_path, m, m.quant(y, 8, scale=0.0753)), 5, 8)
    assert report.output_rate < 1e-3
    assert report.max_step_difference <= 1


def test_the_measurement_sees_a_coarse_table(tmp_path: Path) -> None:
    """Measured: 6e-1."""
    assert measured(model(tmp_path, "gelu", table_bits=5), 5, 8).output_rate > 1e-1


def test_beyond_the_observed_range_it_goes_on_as_a_line(tmp_path: Path) -> None:
    """Calibrated on small inputs, measured on large ones: GELU is a line there."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0671)
    y = m.quant(gelu(m, m.node("Mul", x, x)), 8, scale=0.4)
    imported = near_exact(tmp_path, m, y, samples=np.random.default_rng(0).uniform(-2, 2, (20, 5, 8)))
    assert measured(imported, 5, 8, spread=4.0).output_rate < 5e-3


def test_a_function_of_a_narrow_tensor_stays_one_table(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 8), 8, scale=0.0271)
    imported = near_exact(tmp_path, m, m.quant(gelu(m, x), 8, scale=0.0173))
    assert [type(n.op) for n in imported.graph.nodes] == [Table]
    assert measured(imported, 5, 8).differing_outputs == 0
