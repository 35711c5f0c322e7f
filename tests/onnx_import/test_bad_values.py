"""Numbers that make no sense: refused by name, all of them in one message, whatever the mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.model import Mode, import_model
from tests.support.exact import original
from tests.support.qonnx import ModelBuilder, weights


def broken() -> tuple[ModelBuilder, str]:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), scale=-0.5, bits=2.5, zero_point=float("nan"), name="first")
    nan = m.const(np.where(np.eye(4), np.nan, 0.5), name="w")
    y = m.node("MatMul", x, m.quant(nan, 8, name="weights"))
    y = m.node("Mul", y, m.const(np.inf, name="factor"), label="times")
    return m, m.quant(y, 8, scale=[[1.0, 0.0, 1.0, 1.0]], zero_point=300.0, name="last")


@pytest.mark.parametrize("mode", ["exact", "near-exact"])
def test_all_are_named_at_once(tmp_path: Path, mode: Mode) -> None:
    m, y = broken()
    with pytest.raises(UserError) as caught:
        import_model(m.save(tmp_path, y), mode)
    text = str(caught.value)
    assert "model: found 6 numbers that make no sense:" in text
    for line in (
        "constant 'w' of Quant 'weights': found NaN (4 of its numbers)",
        "constant 'factor' of Mul 'times': found infinity (1 of its numbers)",
        "Quant 'first': found a scale that is not positive",
        "Quant 'first': found bit width 2.5; expected one integer from 1 to 32",
        "Quant 'last': found a scale that is not positive",
        "Quant 'last': found zero point 300; expected one in [-128, 127]",
    ):
        assert line in text, text


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("op", ["QuantizeLinear", "DequantizeLinear", "BipolarQuant"])
def test_a_scale_of_every_kind_of_quantiser(tmp_path: Path, op: str, scale: float) -> None:
    m = ModelBuilder()
    given, one = m.const(scale), m.const(1.0)
    if op == "BipolarQuant":
        y = m.node(op, m.const(weights(4)), given, domain="qonnx.custom_op.general", name="q")
    else:
        y = m.node("QuantizeLinear", m.input(1, 4), given if op == "QuantizeLinear" else one, name="q")
        y = m.node("DequantizeLinear", y, given if op == "DequantizeLinear" else one, name="d")
    with pytest.raises(UserError, match=f"{op} '[qd]': found a scale that is not positive"):
        import_model(m.save(tmp_path, m.quant(y)))


def test_an_infinity_that_only_limits_is_taken(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Max", m.quant(m.input(1, 4)), m.const(-np.inf))
    original(tmp_path, m, m.quant(m.node("Clip", y, m.const(-1.0), m.const(np.inf))))
