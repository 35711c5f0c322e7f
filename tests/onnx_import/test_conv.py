"""Convolutions and pools against onnxruntime: every tensor, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.ir.ops import MatMul, Mul, Window
from hwflow.onnx_import.model import import_model
from hwflow.passes import canonicalise
from tests.passes.test_channels_last import assert_streams
from tests.support.exact import LEVELS, assert_exact, imported, outputs_at, real_inputs
from tests.support.qonnx import ModelBuilder, weights


def conv(
    m: ModelBuilder, x: str, shape: tuple[int, ...], bits: int = 8, bias: bool = True, label: str = "", **given: object
) -> str:
    """A convolution with quantised weights (OC, C / group, *kernel) and a bias."""
    operands = [m.weights(weights(*shape), bits)]
    if bias:
        operands.append(m.quant(m.const(weights(shape[0], seed=1)), 8, 6))
    return m.node("Conv", x, *operands, label=label, **given)  # type: ignore[arg-type]


def image(m: ModelBuilder, channels: int = 3, *size: int, bits: int = 8) -> str:
    return m.quant(m.input(1, channels, *(size or (6, 5))), bits, 4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_random_convolutions(tmp_path: Path, data: st.DataObject) -> None:
    m, axes = ModelBuilder(), data.draw(st.integers(1, 2))
    kernel = [data.draw(st.integers(1, 4)) for _ in range(axes)]
    channels, depthwise = data.draw(st.integers(1, 4)), data.draw(st.booleans())
    options: dict[str, object] = {"strides": [data.draw(st.integers(1, 3)) for _ in range(axes)]}
    if data.draw(st.booleans()):
        options["pads"] = [data.draw(st.integers(0, 2)) for _ in range(2 * axes)]
    else:
        options["auto_pad"] = data.draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    outputs = channels if depthwise else data.draw(st.integers(1, 4))
    group = channels if depthwise else 1
    x = image(m, channels, *(6, 5)[:axes])
    y = conv(m, x, (outputs, channels // group, *kernel), bias=data.draw(st.booleans()), group=group, **options)
    model = imported(tmp_path, m, m.quant(m.node("Relu", y), 8, 3))
    assert_streams(canonicalise(model.graph))


def test_a_pointwise_convolution_is_a_product_and_a_depthwise_one_a_sum(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = conv(m, image(m), (4, 3, 1, 1))
    y = conv(m, m.quant(x, 8, 3), (4, 1, 3, 3), group=4)
    kinds = [type(n.op) for n in imported(tmp_path, m, m.quant(y, 8, 3)).graph.nodes]
    assert kinds.count(MatMul) == kinds.count(Window) == kinds.count(Mul) == 1


@pytest.mark.parametrize(("kernel", "group"), [((1, 1), 1), ((3, 3), 1), ((3, 3), 3)])
def test_over_24_bits_golden_convolves_in_double(tmp_path: Path, kernel: tuple[int, int], group: int) -> None:
    m = ModelBuilder()
    x = image(m, bits=14)
    y = m.node("Conv", x, m.weights(weights(3, 3 // group, *kernel) * 300, 14), name="wide", group=group)
    model = imported(tmp_path, m, m.quant(m.node("Relu", y), 24, 4))
    assert "wide" in model.wide
    inputs = real_inputs(model.graph, count=20)
    (plain,), (fused,) = (outputs_at(model, inputs, level) for level in LEVELS)
    assert np.array_equal(plain, fused)


def test_a_convolution_along_a_sequence_in_double(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = image(m, 3, 9, bits=14)
    y = m.node("Conv", x, m.weights(weights(4, 3, 3) * 40, 12), pads=[2, 1], strides=[2])
    assert imported(tmp_path, m, m.quant(y, 24, 4)).wide


@pytest.mark.parametrize("behind", ["Add", "Mul"])
def test_a_bias_or_factor_counts_in_the_sums_that_onnxruntime_may_start_from_it(tmp_path: Path, behind: str) -> None:
    """Conv and Add are one kernel there. Results and products stay below 24 bits each, partial sums with both do not:
    the inputs are between 1500 and 2047 steps, half of the weights negative."""
    m = ModelBuilder()
    x = m.node("Max", image(m, bits=12), m.const(1500 / 16))
    signs = np.resize([7.9375, -7.9375], (1, 3, 3, 3))
    y = m.node("Conv", x, m.weights(signs), name="product")
    y = m.node(behind, y, m.const(np.full((1, 1, 1, 1), 46875.0 if behind == "Add" else 5.0)), name="behind")
    assert set(imported(tmp_path, m, m.quant(y, 16, 0)).wide) == {"behind"}


@pytest.mark.parametrize(("pads", "relu"), [((0, 0, 0, 0), False), ((1, 1, 1, 1), True), ((0, 1, 1, 0), True)])
def test_max_pool(tmp_path: Path, pads: tuple[int, ...], relu: bool) -> None:
    m = ModelBuilder()
    x = image(m)
    x = m.node("Relu", x) if relu else x
    y = m.node("MaxPool", x, kernel_shape=[3, 2], strides=[2, 1], pads=list(pads))
    model = imported(tmp_path, m, m.quant(m.node("Add", y, y), 8, 3))
    assert_streams(canonicalise(model.graph))


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(tmp_path: Path, op: str, opset: int) -> None:
    m = ModelBuilder(opset)
    y = m.node("MatMul", m.node("Flatten", m.node(op, image(m, 3, 4, 8))), m.weights(weights(3, 2)))
    model = imported(tmp_path, m, m.quant(y, 8, 3))
    assert_streams(canonicalise(model.graph))


def test_local_means(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = image(m, 3, 8, 8)
    whole = m.node("AveragePool", x, kernel_shape=[2, 4], strides=[2, 4])
    padded = m.node("AveragePool", x, kernel_shape=[4, 4], pads=[1, 1, 1, 1], strides=[2, 2], count_include_pad=1)
    model = imported(tmp_path, m, m.quant(whole, 8, 5), m.quant(padded, 8, 5))
    assert_streams(canonicalise(model.graph))


REFUSED = {
    "no stride": (lambda m, x: conv(m, x, (4, 4, 2, 2), strides=[0, 1]), "are not positive numbers, one for each axis"),
    "far padding": (
        lambda m, x: conv(m, x, (4, 4, 1, 1), strides=[10**6] * 2, pads=[10**6] * 4), "its padded input: found shape",
    ),
    "a mean of everything": (
        lambda m, x: m.node("AveragePool", x, kernel_shape=[2**20] * 2, pads=[2**20] * 4, count_include_pad=1),
        "at most 33554432 elements",
    ),
    "a maximum of everything": (
        lambda m, x: m.node("MaxPool", m.node("Relu", x), kernel_shape=[10**6] * 2, pads=[10**6 - 1] * 4),
        "what it computes: found shape .1, 4, 1000005, 1000004., 4e.12 elements",
    ),
    "many taps in double": (
        lambda m, x: m.node(
            "Conv", m.quant(m.node("Mul", x, m.const(100.0)), 15, 4), m.weights(weights(1, 4, 17, 17) * 99, 14),
            pads=[8, 8, 8, 8],
        ),
        "over 24 bits with a kernel of 289 taps; quantise its input",
    ),
    "dilated": (
        lambda m, x: m.node("MaxPool", x, kernel_shape=[2, 2], dilations=[2, 1]), "dilated pools are not supported",
    ),
    "too large": (lambda m, x: conv(m, x, (4, 4, 7, 7)), "kernel .7, 7. is larger than its padded input .6, 5."),
    "hangs over": (
        lambda m, x: m.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1), "hang over the edge",
    ),
    "mean of 9": (
        lambda m, x: m.node("AveragePool", x, kernel_shape=[3, 3]), "a mean over 9 numbers, no power of two",
    ),
    "uneven mean": (
        lambda m, x: m.node("AveragePool", x, kernel_shape=[2, 2], pads=[1, 1, 0, 0]), "set count_include_pad",
    ),
    "float weights": (
        lambda m, x: m.node("Conv", x, m.const(weights(4, 4, 3, 3))), "float weights .* quantise them",
    ),
    "a batch": (
        lambda m, x: conv(m, m.node("Reshape", x, m.ints(2, 2, 6, 5)), (4, 2, 3, 3)), "not one image .1, C, H, W.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_to_do(tmp_path: Path, case: str) -> None:
    build, text = REFUSED[case]
    m = ModelBuilder()
    with pytest.raises(UserError, match=text):
        import_model(m.save(tmp_path, m.quant(build(m, image(m, 4)), 8, 3)))


def test_computed_weights_are_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    w = m.quant(m.input(2, 3, 3, 3, name="w"), 8, 4)
    with pytest.raises(UserError, match="its weights are computed; only constant weights"):
        import_model(m.save(tmp_path, m.quant(m.node("Conv", image(m), w), 8, 3)))


def test_a_convolution_is_exact_at_every_optimisation_level(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Relu", conv(m, image(m, 3, 9, 9), (8, 3, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2])), 8, 3)
    y = m.quant(conv(m, y, (8, 1, 3, 3), group=8, pads=[1, 1, 1, 1]), 8, 3)
    model = import_model(m.save(tmp_path, m.quant(conv(m, y, (8, 8, 1, 1)), 8, 2)))
    inputs = real_inputs(model.graph, count=20)
    golden = assert_exact(model, inputs)[model.graph.outputs[0]]
    step = model.graph.tensors[model.graph.outputs[0]].type.step
    for level in LEVELS:
        assert np.array_equal(outputs_at(model, inputs, level)[0].reshape(golden.shape), golden * step)
