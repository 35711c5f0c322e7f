"""The builder: tight types, refusals, dead nodes."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.ops import Add, MatMul, Mul, ReduceMax, ReduceSum, Requantise, Shift, Sub
from hwflow.ir.types import FixedType, type_for
from hwflow.limits import Limits

I8, I32 = FixedType(True, 8, 4), FixedType(True, 32, 0)


def test_an_element_less_its_row_maximum_is_never_positive() -> None:
    builder = GraphBuilder()
    x = builder.input((3, 4), I8)
    top = builder.add(ReduceMax(-1), x)
    below, above = builder.add(Sub(), x, top), builder.add(Sub(), top, x)
    assert builder.tensor(below).type == FixedType(True, 9, 4)
    assert builder.bounds(below).hi.max() == 0
    assert builder.tensor(above).type == FixedType(False, 8, 4)


def test_a_maximum_that_broadcasts_along_another_axis_tightens_nothing() -> None:
    builder = GraphBuilder()
    x = builder.input((2, 2), I8)
    difference = builder.add(Sub(), x, builder.add(ReduceMax(-1, keepdims=False), x))
    found = reference.run(builder.build([difference]), {x: np.array([[[0, 0], [100, 0]]])})[difference]
    assert found.max() == 100 <= builder.bounds(difference).hi.max()


def test_the_accumulator_is_as_wide_as_the_weights_need() -> None:
    builder = GraphBuilder()
    x = builder.input((2,), I8)
    weights = builder.constant(np.array([[1, 0], [-1, 3]]), 2)
    product = builder.add(MatMul(), x, weights)
    assert builder.bounds(product).lo.tolist() == [-255, -384]
    assert builder.bounds(product).hi.tolist() == [255, 381]
    assert builder.tensor(product).type == FixedType(True, 10, 6)
    assert builder.peak(product) == 384


def test_the_peak_counts_partial_sums_that_cancel() -> None:
    builder = GraphBuilder()
    x = builder.constant(np.array([[100, -100]]), 0)
    total = builder.add(ReduceSum(-1), x)
    assert builder.bounds(total).hi.max() == 0
    assert builder.peak(total) == 200


@pytest.mark.parametrize("widths", [(32, 31), (62, 62), (40, 40)])
def test_products_over_62_bits_are_refused_and_do_not_wrap(widths: tuple[int, int]) -> None:
    builder = GraphBuilder()
    a, b = (builder.input((2, 2), FixedType(False, width, 0)) for width in widths)
    for op in (Mul(), MatMul()):
        with pytest.raises(UserError, match=r"accumulator that reaches \d{19,} \(over 62 bits\).*at most 62 bits"):
            builder.add(op, a, b)


def test_sums_over_62_bits_are_refused_and_do_not_wrap() -> None:
    builder = GraphBuilder()
    x = builder.input((4,), FixedType(True, 60, 0))
    double = builder.add(Add(), x, x)
    fine = builder.add(Shift(-100), builder.input((4,), I8))
    for op, inputs in ((ReduceSum(-1), (x,)), (Add(), (double, double)), (Add(), (fine, x))):
        with pytest.raises(UserError, match="over 62 bits"):
            builder.add(op, *inputs)


def test_shapes_over_the_limits_are_refused_before_anything_is_computed() -> None:
    builder = GraphBuilder()
    x, y = builder.input((1 << 14, 1), I8), builder.input((1, 1 << 14), I8)
    with pytest.raises(
        UserError, match=r"Add output: found shape \[16384, 16384\], 2.68e\+08 elements; expected at most"
    ):
        builder.add(Add(), x, y)
    with pytest.raises(UserError, match="graph input: found 9 axes; expected at most 8"):
        builder.input((1,) * 9, I8)
    with pytest.raises(UserError, match="positive static sizes"):
        builder.input((3, 0), I8)


def test_the_elements_of_all_tensors_together_are_limited() -> None:
    builder = GraphBuilder(Limits(graph_elements=100))
    x = builder.input((40,), I8)
    y = builder.add(Add(), x, x)
    with pytest.raises(UserError, match="120 elements in all tensors together; expected at most 100"):
        builder.add(Add(), y, x)


def test_what_no_output_needs_is_left_out() -> None:
    builder = GraphBuilder()
    x = builder.input((2,), I8)
    kept = builder.add(Requantise(I32), x)
    builder.name(kept, "kept")
    dead = builder.add(Add(), x, x)
    builder.name(dead, "dead")
    graph = builder.build([kept])
    assert [n.output for n in graph.nodes] == [kept]
    assert set(graph.tensors) == {x, kept}
    assert graph.names == {kept: "kept"}


@pytest.mark.parametrize(
    ("lo", "hi", "width", "signed"),
    [
        (0, 0, 1, False),
        (0, 1, 1, False),
        (-1, 0, 1, True),
        (-128, 127, 8, True),
        (-129, 0, 9, True),
        (-1, 255, 9, True),
    ],
)
def test_the_narrowest_type(lo: int, hi: int, width: int, signed: bool) -> None:
    assert type_for(lo, hi, 3) == FixedType(signed, width, 3)
