"""Asymmetric quantisers: QONNX rounds x / s + z, QuantizeLinear x / s; at an odd z their ties part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.onnx_import.model import ImportedModel, import_model
from tests.support.exact import assert_exact, imported, real_inputs
from tests.support.qonnx import ModelBuilder, weights

_ROUND = {
    "ROUND": np.rint,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "DOWN": np.trunc,
    "ROUND_TO_ZERO": np.trunc,
    "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}


def quantised(
    x: np.ndarray, step: float, point: object, bits: int, signed: bool, narrow: bool = False, rounding: str = "ROUND"
) -> np.ndarray:
    """What the definition of QONNX says, in double."""
    lo = -(2 ** (bits - 1)) + narrow if signed else 0
    hi = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
    z = np.asarray(point, np.float64)
    return (_ROUND[rounding](np.clip(np.asarray(x, np.float64) / step + z, lo, hi)) - z) * step


def output_of(model: ImportedModel, inputs: np.ndarray) -> np.ndarray:
    """The reference's output in real units; golden has the same by ``assert_exact``."""
    graph = model.graph
    (id,) = graph.outputs
    raw = {graph.inputs[0]: reference.quantise_input(graph, graph.inputs[0], inputs)}
    return reference.run(graph, raw)[id] * graph.tensors[id].type.step


def checked(folder: Path, m: ModelBuilder, y: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs with ties and the outputs, which golden and the reference agree on."""
    model = import_model(m.save(folder, y))
    inputs = real_inputs(model.graph)
    assert_exact(model, inputs)
    return inputs, output_of(model, inputs)


@settings(max_examples=60)
@given(
    st.data(), st.booleans(), st.booleans(), st.integers(1, 8), st.integers(-2, 6), st.sampled_from(sorted(_ROUND)),
)  # fmt: skip
def test_a_quantiser_of_integers(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, signed: bool, narrow: bool, bits: int, frac: int,
    rounding: str,
) -> None:  # fmt: skip
    lo, hi = (-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1 - narrow)
    point = data.draw(st.integers(lo, hi)) + data.draw(st.sampled_from([0.0, 0.0, 0.25])) * (hi > 0)
    point = min(point, float(hi))
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 8, 4)
    y = m.quant(x, bits, frac, signed, narrow, rounding, zero_point=point)
    inputs, found = checked(tmp_path_factory.mktemp("m"), m, y)
    x = quantised(inputs, 2.0**-4, 0, 8, True)
    assert np.array_equal(found, quantised(x, 2.0**-frac, point, bits, signed, narrow, rounding))


@settings(max_examples=20)
@given(st.integers(0, 255), st.sampled_from(["ROUND", "FLOOR", "CEIL"]))
def test_a_quantiser_of_an_input(tmp_path_factory: pytest.TempPathFactory, point: int, rounding: str) -> None:
    m = ModelBuilder()
    y = m.quant(m.input(1, 64), 8, 3, signed=False, rounding=rounding, zero_point=float(point))
    inputs, found = checked(tmp_path_factory.mktemp("m"), m, y)
    assert np.array_equal(found, quantised(inputs, 2.0**-3, point, 8, False, rounding=rounding))


@pytest.mark.parametrize("point", [[3.0, 4.0, 0.5, 0.0], [[[1.0], [2.0], [255.0]]]])
def test_a_zero_point_for_each_channel(tmp_path: Path, point: object) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 4), 8, 4)
    inputs, found = checked(tmp_path, m, m.quant(x, 8, 2, signed=False, zero_point=point))
    x = quantised(inputs, 2.0**-4, 0, 8, True)
    assert np.array_equal(found, quantised(x, 0.25, point, 8, False))


@pytest.mark.parametrize("point", [0, 17, 128, 255, [3, 200, 17, 0]])
def test_quantize_linear_rounds_before_it_adds_the_zero_point(tmp_path: Path, point: object) -> None:
    m = ModelBuilder()
    scale, zero = m.const(0.25 if isinstance(point, int) else [0.25] * 4), m.const(point, np.uint8)
    x = m.quant(m.input(1, 8, 4), 8, 4)
    axis = {} if isinstance(point, int) else {"axis": 2}
    y = m.node("DequantizeLinear", m.node("QuantizeLinear", x, scale, zero, **axis), scale, zero, **axis)
    inputs, found = checked(tmp_path, m, m.node("Neg", y))
    z, x = np.asarray(point), quantised(inputs, 2.0**-4, 0, 8, True)
    assert np.array_equal(-found, (np.clip(np.rint(x / 0.25) + z, 0, 255) - z) * 0.25)


def test_a_function_in_front_of_an_odd_zero_point(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 64), 8, 4)
    inputs, found = checked(
        tmp_path, m, m.quant(m.node("Abs", m.node("Mul", x, m.const(0.5))), 6, 3, False, zero_point=3.0)
    )
    x = quantised(inputs, 2.0**-4, 0, 8, True)
    assert np.array_equal(found, quantised(np.abs(x) / 2, 0.125, 3, 6, False))


def test_a_rounding_by_sign_of_a_wide_tensor_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("MatMul", m.quant(m.input(1, 4), 16, 4), m.weights(weights(4, 4)))
    with pytest.raises(UserError, match="rounds by sign, which takes a table"):
        import_model(m.save(tmp_path, m.quant(y, 16, 3, rounding="HALF_UP")))


@pytest.mark.parametrize("point", [-3, 1, 64, 127])
def test_a_zero_point_behind_a_layer(tmp_path: Path, point: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    y = m.quant(m.node("MatMul", x, m.weights(weights(16, 8))), 8, 3, zero_point=float(point))
    imported(tmp_path, m, m.node("Relu", y))
