"""Every op against exact Python integers, on all widths and fractions: values, bounds, types, peak, JSON, emulation."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hwflow.ir.ops import (
    Add,
    Clamp,
    Concat,
    Lookup,
    MatMul,
    Mul,
    ReduceMax,
    ReduceSum,
    Requantise,
    Reshape,
    Shift,
    Slice,
    Sub,
    Table,
    Transpose,
    Window,
)  # fmt: skip
from hwflow.ir.ops.requantise import Rounding
from hwflow.ir.ops.table import table_inputs
from hwflow.ir.types import FixedType
from tests.support.ladder import Climb, Exact, fixed_types

SEEDS = st.integers(0, 1 << 20)
NARROW = fixed_types(max_width=12, max_frac=16)


def scaled(values: Exact, by: int) -> Exact:
    return values * (1 << by)


@given(fixed_types(), fixed_types(), st.sampled_from([Add(), Sub()]), st.booleans(), SEEDS)
def test_add_and_sub_align_to_the_finer_fraction(
    a: FixedType, b: FixedType, op: Add | Sub, constant: bool, seed: int
) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 2, 3)
    y, ys = climb.constant(b, 3) if constant else climb.input(b, 2, 3)
    frac = max(a.frac, b.frac)
    left, right = scaled(xs, frac - a.frac), scaled(ys, frac - b.frac)
    output = climb.add(op, x, y)
    climb.check(output, left + right if isinstance(op, Add) else left - right, [left, right])
    assert climb.builder.tensor(output).type.frac == frac


@given(fixed_types(), fixed_types(), st.booleans(), SEEDS)
def test_mul_adds_the_fractions(a: FixedType, b: FixedType, constant: bool, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 2, 3)
    y, ys = climb.constant(b, 2, 1) if constant else climb.input(b, 2, 3)
    output = climb.add(Mul(), x, y)
    climb.check(output, xs * ys)
    assert climb.builder.tensor(output).type.frac == a.frac + b.frac


@given(fixed_types(), SEEDS)
def test_square_of_one_tensor(a: FixedType, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 4)
    climb.check(climb.add(Mul(), x, x), xs * xs)


@given(fixed_types(), fixed_types(), st.sampled_from(["right", "left", "dynamic"]), SEEDS)
def test_matmul_of_every_width(a: FixedType, b: FixedType, side: str, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 3, 4)
    y, ys = climb.input(b, 4, 3) if side == "dynamic" else climb.constant(b, 4, 3)
    left, right, first, second = (y, x, ys, xs) if side == "left" else (x, y, xs, ys)
    output = climb.add(MatMul(), left, right)
    terms = first[..., :, :, None] * second[..., None, :, :]
    climb.check(output, terms.sum(axis=-2), [terms[..., order, :].cumsum(axis=-2) for order in ([0, 1, 2], [2, 0, 1])])


@given(fixed_types(), fixed_types(max_width=24), SEEDS)
def test_matmul_of_one_row(a: FixedType, b: FixedType, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 5)
    y, ys = climb.constant(b, 5, 2)
    climb.check(climb.add(MatMul(), x, y), (xs[:, :, None] * ys).sum(axis=1))


def rounded(value: Fraction, rounding: Rounding) -> int:
    return round(value) if rounding == "half_even" else floor(value)


@given(fixed_types(60), fixed_types(), st.sampled_from(["half_even", "floor"]), st.booleans(), SEEDS)
@example(FixedType(True, 32, 10), FixedType(True, 32, 9), "half_even", False, 0)
@example(FixedType(True, 60, 40), FixedType(True, 8, -30), "half_even", False, 0)
@example(FixedType(True, 8, -8), FixedType(False, 32, 40), "floor", False, 0)
def test_requantise_rounds_and_saturates(
    source: FixedType, target: FixedType, rounding: Rounding, narrow: bool, seed: int
) -> None:
    climb = Climb(seed)
    x, xs = climb.input(source, 40)
    op = Requantise(target, rounding, narrow)
    factor = Fraction(2) ** (target.frac - source.frac)
    lo = target.lo + (narrow and target.signed)
    expected = [min(max(rounded(Fraction(n) * factor, rounding), lo), target.hi) for n in xs.ravel()]
    climb.check(climb.add(op, x), np.array(expected, object).reshape(xs.shape))


def test_requantise_sends_ties_to_the_even_integer() -> None:
    climb = Climb(0)
    x = climb.builder.input((8,), FixedType(True, 6, 1))
    climb.feeds[x] = np.arange(-8, 8).reshape(2, 8).repeat(2, axis=0)[:3]
    expected = [round(Fraction(int(n), 2)) for n in climb.feeds[x].ravel()]
    climb.check(climb.add(Requantise(FixedType(True, 6, 0)), x), np.array(expected, object).reshape(3, 8))


@given(fixed_types(), st.none() | st.integers(-(1 << 33), 1 << 33), st.none() | st.integers(-(1 << 33), 1 << 33), SEEDS)
def test_clamp(type: FixedType, lo: int | None, hi: int | None, seed: int) -> None:
    assume(lo is None or hi is None or lo <= hi)
    climb = Climb(seed)
    x, xs = climb.input(type, 6)
    limited = [min(max(n, n if lo is None else lo), 1 << 40 if hi is None else hi) for n in xs.ravel()]
    climb.check(climb.add(Clamp(lo, hi), x), np.array(limited, object).reshape(xs.shape))


@given(fixed_types(max_width=9), fixed_types(max_width=20), SEEDS)
def test_table_is_addressed_by_the_raw_bits(source: FixedType, entry: FixedType, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(source, 7)
    table, entries = climb.constant(entry, 1 << source.width)
    function = dict(zip(table_inputs(source).tolist(), entries, strict=True))
    climb.check(climb.add(Table(), x, table), np.array([function[n] for n in xs.ravel()], object).reshape(xs.shape))


@given(fixed_types(), st.sampled_from([-1, -2]), st.booleans(), SEEDS)
def test_reductions(type: FixedType, axis: int, keepdims: bool, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(type, 4, 5)
    total = climb.add(ReduceSum(axis, keepdims), x)
    climb.check(total, np.asarray(xs.sum(axis=axis, keepdims=keepdims)), [xs.cumsum(axis=axis)])
    other = Climb(seed)
    x, xs = other.input(type, 4, 5)
    other.check(other.add(ReduceMax(axis, keepdims), x), np.asarray(xs.max(axis=axis, keepdims=keepdims)))


@given(fixed_types(), st.integers(-20, 20), SEEDS)
def test_shift_moves_the_binary_point_alone(type: FixedType, exponent: int, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(type, 3)
    output = climb.add(Shift(exponent), x)
    climb.check(output, xs)
    assert climb.builder.tensor(output).type == FixedType(type.signed, type.width, type.frac - exponent)


@given(NARROW, NARROW, NARROW, st.sampled_from([-1, -2]), SEEDS)
def test_concat_aligns_to_the_finest_fraction(a: FixedType, b: FixedType, c: FixedType, axis: int, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(a, 3, 3)
    y, ys = climb.input(b, *((3, 1) if axis == -1 else (1, 3)))
    z, zs = climb.constant(c, 3, 3)
    frac = max(t.frac for t in (a, b, c))
    parts = [xs, ys, np.broadcast_to(zs, (len(xs), 3, 3))]
    aligned = [scaled(p, frac - t.frac) for p, t in zip(parts, (a, b, c), strict=True)]
    climb.check(climb.add(Concat(axis), x, y, z), np.concatenate(aligned, axis=axis))


@given(fixed_types(), st.permutations([0, 1, 2]), st.integers(0, 3), st.integers(1, 3), SEEDS)
def test_movement(type: FixedType, perm: list[int], start: int, step: int, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(type, 2, 3, 4)
    climb.check(climb.add(Transpose(tuple(perm)), x), xs.transpose(0, *(axis + 1 for axis in perm)))
    climb.check(climb.add(Reshape((6, 4)), x), xs.reshape(len(xs), 6, 4))
    climb.check(climb.add(Slice(-1, start, 4, step), x), xs[..., start:4:step])


@given(fixed_types(), st.integers(1, 4), st.integers(1, 4), st.data(), SEEDS)
def test_window_and_a_product_are_a_convolution(
    type: FixedType, rows: int, columns: int, data: st.DataObject, seed: int
) -> None:
    stride = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    top, left, bottom, right = (data.draw(st.integers(0, 2)) for _ in range(4))
    climb = Climb(seed)
    x, xs = climb.input(type, 5, 4, 2)
    output = climb.add(Window((rows, columns), stride, (top, left, bottom, right)), x)
    padded = np.zeros((len(xs), 5 + top + bottom, 4 + left + right, 2), object)
    padded[:, top : top + 5, left : left + 4] = xs
    places = [range(0, padded.shape[axis + 1] - (rows, columns)[axis] + 1, stride[axis]) for axis in (0, 1)]
    windows = [[padded[:, i : i + rows, j : j + columns] for j in places[1]] for i in places[0]]
    expected = np.array(windows, object).transpose(2, 0, 1, 3, 4, 5)
    climb.check(output, expected.reshape(*expected.shape[:3], rows * columns, 2))


@given(fixed_types(), st.integers(1, 9), SEEDS)
def test_lookup_takes_the_last_row_for_tokens_beyond_it(entry: FixedType, rows: int, seed: int) -> None:
    climb = Climb(seed)
    x, xs = climb.input(FixedType(False, 4, 0), 6, 1)
    table, entries = climb.constant(entry, rows, 3)
    climb.check(climb.add(Lookup(), x, table), entries[np.minimum(xs[..., 0], rows - 1).astype(int)])
