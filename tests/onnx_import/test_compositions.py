"""Ops that others make up, against the independent executor of the file itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.onnx_import.model import import_model
from tests.support.exact import assert_exact, original
from tests.support.qonnx import ModelBuilder, weights

Build = Callable[[ModelBuilder, str, str], str]
MASK = np.tril(np.ones((1, 4, 4), bool))
CASES: dict[str, Build] = {
    "Sum of one": lambda m, x, y: m.quant(m.node("Sum", x), 8, 3),
    "Sum of three": lambda m, x, y: m.node("Sum", x, y, m.const(0.5)),
    "Max of two": lambda m, x, y: m.node("Max", x, y),
    "Min of three": lambda m, x, y: m.node("Min", x, y, m.quant(y, 4, 1)),
    "Max with a constant for each channel": lambda m, x, y: m.node("Max", x, m.const([0.5, -1.0, 0.25, 0.0])),
    "Min with a constant for each token": lambda m, x, y: m.node("Min", m.const([[0.5], [-1.0], [3.0], [0.0]]), x),
    "Max with a constant of more axes": lambda m, x, y: m.node("Max", x, m.const(np.arange(8).reshape(2, 1, 4) / 8)),
    "Where, constant first": lambda m, x, y: m.node("Where", m.const(MASK, np.bool_), m.const(-2.0), x),
    "Where, constant second": lambda m, x, y: m.node("Where", m.const(MASK, np.bool_), x, m.const([1.0] * 3 + [2])),
    "PRelu of one slope": lambda m, x, y: m.node("PRelu", x, m.const([0.25])),
    "PRelu of a long slope": lambda m, x, y: m.quant(m.node("PRelu", x, m.const([0.3])), 8, 3),
    "PRelu of channels": lambda m, x, y: m.node("PRelu", x, m.const([0.25, 0.5, -1.0, 0.0])),
    "Expand to nothing new": lambda m, x, y: m.quant(m.node("Expand", x, m.ints(1, 4, 1)), 8, 3),
    "Expand by two axes": lambda m, x, y: m.node("Expand", m.node("ReduceMax", x, axes=[1]), m.ints(2, 1, 3, 4)),
    "Gather of scattered tokens": lambda m, x, y: m.node("Gather", x, m.ints(3, 0, 1), axis=1),
    "Gather from the end, twice": lambda m, x, y: m.node("Gather", x, m.ints(-1, -1), axis=2),
    "Gather of a matrix of indices": lambda m, x, y: m.node("Gather", x, m.const([[0, 2], [3, 1]], np.int64), axis=1),
    "Gather of the batch": lambda m, x, y: m.node("Gather", x, m.ints(0, 0), axis=0),
    "a vector on the right": lambda m, x, y: m.node("MatMul", x, m.weights(weights(4))),
    "a vector on the left": lambda m, x, y: m.node("MatMul", m.weights(weights(4)), x),
    "ReduceMean of everything": lambda m, x, y: m.node("ReduceMean", x),
    "a scale that is the same for all channels": lambda m, x, y: m.quant(m.node("Tanh", x), scale=[[[0.125]] * 4]),
    "a function of equal numbers": lambda m, x, y: m.quant(m.node("Exp", m.node("Mul", x, m.const([0.3] * 4))), 8, 2),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_op(tmp_path: Path, case: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 8, 4)
    y = m.quant(m.node("MatMul", x, m.weights(weights(4, 4))), 6, 2)
    original(tmp_path, m, CASES[case](m, x, y))


EQUATIONS = [
    "btd,dhk->bthk",
    "bthd,bshd->bhts",
    "bhts,bshd->bthd",
    "bij,bjk->bik",
    "bij,bkj",
    "bi,bj->bij",
    "btd,d->bt",
]


@pytest.mark.parametrize("equation", EQUATIONS)
@pytest.mark.parametrize("computed", [False, True])
def test_einsum(tmp_path: Path, equation: str, computed: bool) -> None:
    sizes = dict(zip("bthskdij", (1, 3, 2, 5, 4, 6, 3, 4), strict=True))
    a, b = ([sizes[n] for n in labels] for labels in equation.split("->")[0].split(","))
    m = ModelBuilder()
    x = m.quant(m.input(*a), 4, 2)
    if computed:
        whole = m.node("Reshape", m.node("ReduceMax", x, keepdims=1), m.ints(*[1] * len(b)))
        y = m.quant(m.node("Mul", m.node("Expand", whole, m.ints(*b)), m.weights(weights(*b))), 4, 1)
    else:
        y = m.weights(weights(*b))
    original(tmp_path, m, m.node("Einsum", x, y, equation=equation))


@settings(max_examples=25)
@given(
    st.sampled_from([(1, 1), (2, 1), (2, 2), (1, 3)]), st.sampled_from([(1, 4), (2, 4), (2, 6), (4, 4), (4, 8)]),
    st.booleans(),
)  # fmt: skip
def test_a_dilated_or_grouped_convolution(
    tmp_path_factory: pytest.TempPathFactory, dilations: tuple[int, int], groups: tuple[int, int], sequence: bool
) -> None:
    group, outputs = groups
    m, axes = ModelBuilder(), 1 if sequence else 2
    x = m.quant(m.input(1, 4, *(7, 8)[:axes]), 4, 2)
    w = m.weights(weights(outputs, 4 // group, *(3, 2)[:axes]), 4, 2)
    y = m.node(
        "Conv", x, w, m.weights(weights(outputs), 4, 2), kernel_shape=[3, 2][:axes], group=group,
        dilations=list(dilations[:axes]), pads=[1] * axes + [0] * axes,
    )  # fmt: skip
    original(tmp_path_factory.mktemp("m"), m, y)


@pytest.mark.parametrize("offset", [0.0, 4.0, -20.0])
def test_a_padded_maximum_of_signed_numbers(tmp_path: Path, offset: float) -> None:
    m = ModelBuilder()
    x = m.node("Add", m.quant(m.input(1, 3, 6, 6), 6, 2), m.const(offset))
    original(tmp_path, m, m.node("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]))


def test_a_first_axis_with_a_name_is_the_batch(tmp_path: Path) -> None:
    m = ModelBuilder()
    model = import_model(m.save(tmp_path, m.node("Relu", m.quant(m.input("N", 4, 8)))))
    assert model.graph.file_shape(model.graph.inputs[0]) == (4, 8)
    assert_exact(model)


def test_a_mask_of_infinity_reaches_the_softmax_as_a_sum(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 4), 6, 2)
    y = m.node("Softmax", m.node("Where", m.const(MASK, np.bool_), x, m.const(-np.inf)), axis=-1)
    model = import_model(m.save(tmp_path, m.quant(y, 8, 8, signed=False)), "near-exact")
    found = assert_exact(model)[model.graph.outputs[0]]
    assert not found[:, ~MASK[0]].any() and found[:, MASK[0]].any()
