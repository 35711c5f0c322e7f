"""LayerNormalization and RMSNorm, whole and in parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.model import ImportedModel
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder

RNG = np.random.default_rng(3)


def operator(m: ModelBuilder, x: str, d: int) -> str:
    """The operator, with gammas of both signs and one 0."""
    gamma = RNG.normal(size=d)
    gamma[0] = 0
    return m.node("LayerNormalization", x, m.const(gamma), m.const(RNG.normal(size=d)), axis=-1, label="norm")


def parts(m: ModelBuilder, x: str, d: int) -> str:
    """As torch exports it before opset 17."""
    c = m.node("Sub", x, m.node("ReduceMean", x, axes=[-1]))
    variance = m.node("ReduceMean", m.node("Pow", c, m.const(2.0)), axes=[-1])
    y = m.node("Div", c, m.node("Sqrt", m.node("Add", variance, m.const(1e-5))))
    return m.node("Add", m.node("Mul", y, m.const(RNG.normal(size=d))), m.const(RNG.normal(size=d)))


def rms(m: ModelBuilder, x: str, d: int) -> str:
    """RMSNorm as torch writes it: x * reciprocal(sqrt(mean(x^2) + eps)) * gamma."""
    mean = m.node("ReduceMean", m.node("Mul", x, x), axes=[-1])
    root = m.node("Sqrt", m.node("Add", m.const(1e-6), mean))
    return m.node("Mul", m.node("Mul", x, m.node("Reciprocal", root)), m.const(RNG.uniform(0.5, 1.5, size=d)))


FORMS = {"operator": operator, "parts": parts, "rms": rms}


def model(folder: Path, form: str, d: int, **options: int) -> ImportedModel:
    """A norm of a 16-bit residual sum, put out in 8 bits."""
    m = ModelBuilder(17)
    x = m.quant(m.input(1, 5, d), 8, 5)
    mixed = m.node("MatMul", x, m.weights(np.random.default_rng(2).normal(size=(d, d)) * 0.3, 8, 6))
    return near_exact(folder, m, m.quant(FORMS[form](m, m.node("Add", x, mixed), d), 8, 5), **options)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [8, 12, 31])
def test_rate(tmp_path: Path, form: str, d: int) -> None:
    """Measured: 0 to 1.6e-4 of the elements, by one step."""
    imported = model(tmp_path, form, d)
    report = measured(imported, 5, d)
    assert report.output_rate < 1e-3
    assert report.max_step_difference <= 1
    assert any("reciprocal square root" in line for line in imported.rewrites)


@pytest.mark.parametrize("form", FORMS)
def test_a_width_that_is_no_power_of_two(tmp_path: Path, form: str) -> None:
    """192, the width of the smallest vision transformers: 192 x - sum(x) and its square are wide."""
    report = measured(model(tmp_path, form, 192), 5, 192, count=60)
    assert report.output_rate < 1e-3
    assert report.max_step_difference <= 1


@pytest.mark.parametrize("coarse", [{"table_bits": 4, "newton_steps": 0}, {"value_bits": 9}])
def test_the_measurement_sees_coarse_tables(tmp_path: Path, coarse: dict[str, int]) -> None:
    """Measured: 8e-1 and 4.5e-1."""
    assert measured(model(tmp_path, "operator", 16, **coarse), 5, 16).output_rate > 1e-1


def test_another_axis_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y = m.node("LayerNormalization", x, m.const(np.ones((4, 4))), axis=1, label="norm")
    with pytest.raises(UserError, match=r"LayerNormalization 'norm'.*axis 1; expected the last axis"):
        near_exact(tmp_path, m, m.quant(y, 8, 4))
