"""Graphs of adders equal the matrix, within the fewest levels, with exact ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwflow.rtl.shift_add import AdderGraph, fewest_levels, sharing, solve
from hwflow.rtl.shift_add.digits import column_digits, digit_counts, signed_digits

IntMatrix = NDArray[np.int64]


def random_matrix(seed: int, shape: tuple[int, int], bits: int, zeros: float = 0.25) -> IntMatrix:
    rng = np.random.default_rng(seed)
    limit = (1 << (bits - 1)) - 1
    matrix = rng.integers(-limit, limit + 1, shape)
    matrix[rng.random(shape) < zeros] = 0
    return matrix


@st.composite
def matrices(draw: st.DrawFn) -> IntMatrix:
    rows, columns, bits = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 9))
    weight = st.integers(-(1 << bits), 1 << bits)
    return np.array(draw(st.lists(weight, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)


def prove(graph: AdderGraph, weights: IntMatrix) -> None:
    """Linear, so equal to the matrix when it is on the unit vectors; and every adder is as it says."""
    unit = np.eye(len(weights), dtype=np.int64)
    np.testing.assert_array_equal(graph.evaluate(unit), weights)
    rows = list(unit)
    for adder in graph.adders:
        assert min(adder.a.shift, adder.b.shift) == 0 and not (adder.a.negative and adder.b.negative)
        assert adder.level == 1 + max(graph.level(adder.a.value), graph.level(adder.b.value))
        rows.append(sum((rows[t.value] << t.shift) * (-1 if t.negative else 1) for t in (adder.a, adder.b)))
        ends = np.array(graph.inputs).T * rows[-1]
        assert (adder.lo, adder.hi) == (ends.min(axis=0).sum(), ends.max(axis=0).sum())
    assert graph.used >= set(range(len(weights), len(rows)))


@given(matrices(), st.integers(0, 2))
def test_graph_equals_the_matrix_within_the_fewest_levels(weights: IntMatrix, extra: int) -> None:
    graph = solve(weights, extra_levels=extra)
    prove(graph, weights)
    assert graph.levels <= fewest_levels(weights) + extra


@given(matrices(), st.data())
def test_ranges_of_single_inputs(weights: IntMatrix, data: st.DataObject) -> None:
    ends = [sorted(data.draw(st.tuples(*2 * [st.integers(-40, 40)]))) for _ in weights]
    graph = solve(weights, [(low, high) for low, high in ends])
    prove(graph, weights)
    x = np.random.default_rng(0).integers(*np.array(ends).T, (50, len(weights)), endpoint=True)
    np.testing.assert_array_equal(graph.evaluate(x), x @ weights)


@pytest.mark.parametrize("bits", [4, 6, 8])
@pytest.mark.parametrize("shape", [(8, 24), (16, 16), (16, 64), (32, 32)])
def test_random_matrices_share(shape: tuple[int, int], bits: int) -> None:
    weights = random_matrix(1, shape, bits)
    graph = solve(weights)
    prove(graph, weights)
    assert graph.levels == fewest_levels(weights)
    alone = (digit_counts(weights) - 1).sum()
    assert len(graph.adders) < 0.75 * alone


def test_same_matrix_same_graph() -> None:
    weights = random_matrix(2, (12, 20), 7)
    assert solve(weights) == solve(weights.astype(np.int8).copy(order="F"))


@pytest.mark.parametrize(
    ("weights", "adders"),
    [
        ([[0]], 0),
        ([[0, 0], [0, 0]], 0),
        ([[5, 0]], 1),
        ([[1]], 0),
        ([[64]], 0),
        ([[-64]], 1),  # x - 2x
        ([[-3], [-5]], 3),
        ([[-1], [-1]], 2),
        ([[1], [-1]], 1),
        ([[7, 14, 28]], 1),  # one value, three shifts
        ([[3, 5], [3, 5]], 3),  # the sum of the inputs is shared
        ([[1, -1], [-1, 1]], 2),
        ([[1, 1, 0], [1, -1, 0]], 2),
        ([[21]], 2),
        ([[85]], 2),  # 5 * 17: digits of one weight share as well
    ],
)
def test_small_matrices(weights: list[list[int]], adders: int) -> None:
    graph = solve(np.array(weights), (-8, 7))
    prove(graph, np.array(weights))
    assert len(graph.adders) == adders


def test_outputs_are_never_negative_terms() -> None:
    for seed in range(30):
        weights = -np.abs(random_matrix(seed, (3, 5), 5))
        graph = solve(weights)
        prove(graph, weights)
        assert not any(output.negative for output in graph.outputs if output)
        assert graph.levels <= fewest_levels(weights)


def test_many_rows_are_worked_off_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = random_matrix(3, (40, 12), 6)
    whole = solve(weights)
    monkeypatch.setattr(sharing, "MAX_PAIRS", 2000)
    grouped = solve(weights)
    prove(grouped, weights)
    assert grouped.levels == fewest_levels(weights)
    assert len(whole.adders) < len(grouped.adders) < 1.25 * len(whole.adders)


def test_types_leave_out_bits_that_no_sum_reads() -> None:
    weights = np.array([[1, 1], [8, 8], [-8, 0]])
    graph = solve(weights, (0, 127))
    widths = [graph.type(3 + index).width for index in range(len(graph.adders))]
    exact = [max(-1 - a.lo, a.hi).bit_length() + (a.lo < 0) for a in graph.adders]
    assert all(width <= bits for width, bits in zip(widths, exact, strict=True))


def test_signed_digits_are_canonical() -> None:
    weights = np.arange(-300, 301)
    plus, minus = signed_digits(weights)
    np.testing.assert_array_equal(plus - minus, weights)
    assert not ((plus | minus) & ((plus | minus) << 1)).any()


def test_columns_have_a_positive_digit() -> None:
    weights = -np.arange(40).reshape(4, 10)
    plus, minus = column_digits(weights)
    np.testing.assert_array_equal(plus - minus, weights)
    assert plus.any(axis=0).tolist() == weights.any(axis=0).tolist()


@pytest.mark.parametrize(
    ("weights", "bounds", "found"),
    [
        (np.ones((2, 2)), (-8, 7), "float64"),
        (np.ones(3, int), (-8, 7), "expected integers"),
        (np.ones((2, 2), int), (3, -3), "empty input range"),
        (np.full((2, 2), 1 << 40), (0, 1 << 30), "64 bits"),
    ],
)
def test_refusals(weights: IntMatrix, bounds: tuple[int, int], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        solve(weights, bounds)
