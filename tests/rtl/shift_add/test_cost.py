"""Costs of graphs beside what Yosys 0.70 needed for the emitted modules; delays; the estimate that does not solve."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hwflow.ir.types import FixedType
from hwflow.rtl.shift_add import cost, estimate, level_ps, solve
from hwflow.rtl.shift_add.cost import carry_bits
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources


def random_weights(seed: int, shape: tuple[int, int], bits: int) -> NDArray[np.int64]:
    """Symmetric integers of ``bits``, 25 % zeros."""
    rng = np.random.default_rng(seed)
    limit = (1 << (bits - 1)) - 1
    return rng.integers(-limit, limit + 1, shape) * (rng.random(shape) >= 0.25)


@pytest.mark.parametrize(
    ("weights", "registers", "lut", "ff"),
    [
        ([[1], [1]], (), 8, 0),  # 9 bits; one LUT for both pairs of sign bits
        ([[1], [1]], (1,), 8, 9),
        ([[1], [1]], (0, 1), 8, 8 + 8 + 9),
        ([[1], [4]], (), 8, 0),  # two bits pass by
        ([[1], [-4]], (), 8, 0),
        ([[4], [-1]], (), 8 + 2, 0),  # no bit passes by: two are inverted
        ([[3, 1]], (1, 1), 8 + 2, 2 * (10 + 8)),  # 4x - x
        ([[0]], (), 0, 0),
        ([[1]], (0, 0, 0), 0, 3 * 8),
    ],
)
def test_single_adders(weights: list[list[int]], registers: tuple[int, ...], lut: int, ff: int) -> None:
    assert cost(solve(np.array(weights)), registers) == Resources(lut=lut, ff=ff)


@pytest.mark.parametrize(
    ("shape", "bits", "lut", "ff"),
    [
        ((8, 24), 4, 1220, 893),
        ((8, 24), 6, 1836, 1349),
        ((8, 24), 8, 2476, 1675),
        ((16, 16), 4, 1764, 1112),
        ((16, 16), 6, 2694, 1491),
        ((16, 16), 8, 3421, 2398),
        ((16, 64), 4, 6015, 3891),
        ((16, 64), 8, 12217, 8488),
        ((32, 32), 6, 9806, 5807),
    ],
)
def test_whole_matrices_as_yosys_mapped_them(shape: tuple[int, int], bits: int, lut: int, ff: int) -> None:
    """``benchmarks/bench_shift_add.py``: signed inputs of 8 bits, registers behind every second level."""
    graph = solve(random_weights(0, shape, bits), (-128, 127))
    found = cost(graph, range(2, graph.levels + 1, 2))
    assert found.lut == pytest.approx(lut, rel=0.05)
    assert found.ff == pytest.approx(ff, rel=0.08)


def test_levels_last_as_long_as_their_widest_adder() -> None:
    graph = solve(random_weights(1, (16, 16), 6))
    chains = [carry_bits(graph, 16 + index) for index in range(len(graph.adders))]
    widest = [
        max(c for c, a in zip(chains, graph.adders, strict=True) if a.level == level + 1)
        for level in range(graph.levels)
    ]
    assert level_ps(graph) == [costs.adder(bits).delay_ps for bits in widest]
    assert level_ps(solve(np.eye(3, dtype=int))) == []


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("shape", [(8, 24), (16, 16), (24, 40)])
def test_estimate_is_near_the_solution(shape: tuple[int, int], signed: bool) -> None:
    for bits in (4, 6, 8):
        weights, type = random_weights(bits, shape, bits), FixedType(signed, 7, 0)
        graph, found = solve(weights, (type.lo, type.hi)), estimate(weights, type)
        assert found.adders == pytest.approx(len(graph.adders), rel=0.1)
        assert found.levels == graph.levels
        assert found.cost.resources.lut == pytest.approx(cost(graph).lut, rel=0.12)
        assert found.cost.delay_ps == pytest.approx(sum(level_ps(graph)), rel=0.12)


def test_estimate_of_matrices_without_adders() -> None:
    for weights in (np.zeros((3, 2), int), np.eye(4, dtype=int)):
        assert estimate(weights, FixedType(True, 8, 0)).cost == costs.Cost()


def test_equal_columns_are_counted_once() -> None:
    column = random_weights(5, (9, 1), 6)
    assert estimate(np.repeat(column, 7, axis=1), FixedType(True, 8, 0)) == estimate(column, FixedType(True, 8, 0))
