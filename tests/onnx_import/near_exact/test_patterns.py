"""What is recognised by pattern is the pattern, whole: every attribute, axis and operator set; all else is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.onnx_import.model import ImportedModel
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder

RNG = np.random.default_rng(5)
SETTINGS = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def shape_of(x: tuple[int, ...]) -> tuple[int, ...]:
    """Without the batch axis."""
    return x[1:]


def softmax(folder: Path, opset: int, shape: tuple[int, ...], **axis: int) -> ImportedModel:
    m = ModelBuilder(opset)
    x = m.quant(m.input(*shape), 8, 4)
    return near_exact(folder, m, m.quant(m.node("Softmax", m.node("Mul", x, m.const(1.3)), **axis), 12, 12, False))


@SETTINGS
@given(opset=st.sampled_from([12, 13, 17]), rank=st.integers(2, 4), axis=st.integers(-4, 3) | st.none())
def test_softmax_in_any_operator_set(tmp_path: Path, opset: int, rank: int, axis: int | None) -> None:
    """Below 13 the default axis is 1 and all from it on are one row; from 13 on it is one axis, by default the last."""
    shape = (1, 3, 2, 4)[:rank]
    chosen = {} if axis is None or not -rank <= axis < rank else {"axis": axis}
    last = chosen.get("axis", -1) in (-1, rank - 1)
    if opset >= 13 and not last:
        with pytest.raises(UserError, match=r"axis -?\d; expected the last axis"):
            softmax(tmp_path, opset, shape, **chosen)
        return
    report = measured(softmax(tmp_path, opset, shape, **chosen), *shape_of(shape), count=60)
    assert report.output_rate < 1e-2
    assert report.max_step_difference <= 1


def test_softmax_12_is_another_function_than_softmax_13(tmp_path: Path) -> None:
    """So that the measurement above could have seen a mistake."""
    inputs = RNG.normal(size=(20, 3, 4))
    (tmp_path / "old").mkdir()
    old, new = softmax(tmp_path / "old", 12, (1, 3, 4)), softmax(tmp_path, 13, (1, 3, 4))
    found = [np.asarray(run(model, inputs)) for model in (old, new)]
    assert np.mean(found[0] != found[1]) > 0.9
    assert np.allclose(found[0].reshape(20, -1).sum(1), 1, atol=12 * 2.0**-12)
    assert np.allclose(found[1].reshape(20, 3, 4).sum(2), 1, atol=4 * 2.0**-12)


def run(model: ImportedModel, inputs: np.ndarray) -> np.ndarray:
    """Real outputs of golden.onnx."""
    from hwflow.verify.golden import golden_runner

    values = golden_runner(model, model.graph.outputs).run(model.ports.to_port(inputs))
    return values[model.graph.outputs[0]] * model.graph.tensors[model.graph.outputs[0]].type.step


def parts(m: ModelBuilder, x: str, keep: tuple[int, int], axis: int, divisor: float | None, d: int) -> str:
    """LayerNorm as exporters decompose it, with every choice that makes it something else."""

    def mean(value: str, keepdims: int) -> str:
        total = m.node("ReduceSum", value, m.ints(axis), keepdims=keepdims)
        return m.node("Div", total, m.const(divisor or float(d)))

    c = m.node("Sub", x, mean(x, keep[0]))
    variance = mean(m.node("Pow", c, m.const(2.0)), keep[1])
    return m.node("Div", c, m.node("Sqrt", m.node("Add", variance, m.const(1e-3)), label="root"))


@pytest.mark.parametrize("keep", [(1, 0), (0, 0)])
def test_a_mean_that_broadcasts_along_another_axis_is_no_layer_norm(tmp_path: Path, keep: tuple[int, int]) -> None:
    """Without its axis the mean of a square tensor meets the columns: shapes fit, the function is another."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    with pytest.raises(UserError, match="root"):
        near_exact(tmp_path, m, m.quant(parts(m, x, keep, -1, None, 4), 8, 4))


def test_what_is_left_of_other_means_is_normalised_as_it_is(tmp_path: Path) -> None:
    """The mean of a row is subtracted from a column; behind that stands an RMSNorm of any tensor."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    model = near_exact(tmp_path, m, m.quant(parts(m, x, (0, 1), -1, None, 4), 8, 4))
    assert measured(model, 4, 4).output_rate < 2e-3


@pytest.mark.parametrize(("axis", "divisor"), [(1, None), (-1, 3.0), (-1, 4.3), (-1, 3.9)])
def test_other_means_are_no_layer_norm(tmp_path: Path, axis: int, divisor: float | None) -> None:
    """Over another axis; divided by D - 1 or by something near D."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    with pytest.raises(UserError, match="root"):
        near_exact(tmp_path, m, m.quant(parts(m, x, (1, 1), axis, divisor, 4), 8, 4))


@pytest.mark.parametrize("op", ["LayerNormalization", "RMSNormalization"])
def test_a_computed_scale_is_refused(tmp_path: Path, op: str) -> None:
    m = ModelBuilder(23)
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y = m.node(op, x, m.node("Relu", x), axis=-1, label="norm")
    with pytest.raises(UserError, match=r"Normalization 'norm': found a scale or bias that is computed"):
        near_exact(tmp_path, m, m.quant(y, 8, 4))


@pytest.mark.parametrize("shape", [(16,), (1,), (3, 1), (3, 16)])
def test_a_scale_that_broadcasts(tmp_path: Path, shape: tuple[int, ...]) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 16), 8, 4)
    gamma, beta = (m.const(np.random.default_rng(n).normal(size=shape)) for n in range(2))
    y = m.node("Add", m.node("Mul", m.node("LayerNormalization", x, m.const(np.ones(16)), axis=-1), gamma), beta)
    assert measured(near_exact(tmp_path, m, m.quant(y, 8, 4)), 3, 16).output_rate < 2e-3


def test_the_mean_as_an_output_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y, mean = m.nodes_of("LayerNormalization", 2, x, m.const(np.ones(4)))
    with pytest.raises(UserError, match="its mean or deviation as an output"):
        near_exact(tmp_path, m, m.quant(m.node("Sub", y, mean), 8, 4))


def test_a_norm_of_the_batch_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y, *_ = m.nodes_of("BatchNormalization", 3, x, *(m.const(np.ones(4)) for _ in range(4)), training_mode=1)
    with pytest.raises(UserError, match="statistics of the batch"):
        near_exact(tmp_path, m, m.quant(y, 8, 4))


@pytest.mark.parametrize("op", ["Softmax", "LayerNormalization"])
def test_the_same_name_in_another_domain_is_another_operator(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y = m.node(op, x, domain="com.example", label="theirs")
    with pytest.raises(UserError, match="theirs"):
        near_exact(tmp_path, m, m.quant(y, 8, 4))


def test_a_mask_that_others_read_stays_as_it_is_for_them(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    masked = m.node("Add", m.node("Mul", x, x), m.const(np.triu(np.full((4, 4), -4096.0), 1)))
    y, z = m.quant(m.node("Softmax", masked, axis=-1), 8, 8, signed=False), m.quant(masked, 16, 1)
    model = near_exact(tmp_path, m, z, y)
    assert measured(model, 4, 4).output_rate == 0


@pytest.mark.parametrize(("first", "real"), itertools.product([True, False], [0.0271, 2.0**-4]))
def test_a_constant_that_is_joined_takes_the_scale_of_the_tensor(tmp_path: Path, first: bool, real: float) -> None:
    """A class token, on no grid, on that of the scale, and a power of two beside a real scale."""
    for token in (RNG.normal(size=(1, 1, 8)), np.full((1, 1, 8), 0.5)):
        m = ModelBuilder()
        x = m.quant(m.input(1, 3, 8), 8, scale=real)
        operands = (m.const(token), x) if first else (x, m.const(token))
        model = near_exact(tmp_path, m, m.quant(m.node("Concat", *operands, axis=1), 8, 4))
        assert measured(model, 3, 8).output_rate < 2e-2
        assert measured(model, 3, 8).max_step_difference <= 1


@pytest.mark.parametrize("opset", [12, 17])
def test_scales_per_channel_are_split_as_their_elements_are(tmp_path: Path, opset: int) -> None:
    """Unequal parts, given by an attribute before operator set 13."""
    m = ModelBuilder(opset)
    x = m.quant(m.input(1, 3, 4), 8, 4)
    y = m.quant(m.node("Mul", x, m.const(1.0371)), 8, scale=[0.11, 0.07, 0.2, 0.05])
    parts = (
        m.nodes_of("Split", 2, y, axis=2, split=[1, 3])
        if opset < 13
        else m.nodes_of("Split", 2, y, m.ints(1, 3), axis=2)
    )
    model = near_exact(tmp_path, m, *(m.quant(part, 8, scale=0.031) for part in parts))
    for output in range(2):
        assert np.any(model.ports.outputs[output] != 1)
    assert measured(model, 3, 4).output_rate < 5e-3
