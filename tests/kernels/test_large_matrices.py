"""Matrices beyond what any board takes as shifts and adds: neither solved nor offered, and the rest stays light."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.boards import load_board
from hwflow.kernels.linear import HARDWIRED_LUTS, Linear
from hwflow.kernels.network import kernel_graph
from hwflow.rtl import matrix
from hwflow.schedule.costs import varying_bits
from hwflow.schedule.kernel import Fold
from hwflow.schedule.search import find_schedule
from tests.support.blocks import Blocks


def linear(width: int, out: int) -> Linear:
    blocks = Blocks(4, width)
    (kernel,) = kernel_graph(blocks.graph(blocks.linear(blocks.x, out)), 200.0).kernels
    assert isinstance(kernel, Linear)
    return kernel


def test_one_beat_a_cycle_is_offered_up_to_a_size() -> None:
    small, large = linear(32, 32), linear(224, 448)
    assert small.folds()[-1] == small.full_fold == Fold(32, 32, 1)
    assert large.folds()[-1] == Fold(448, 112, 2)
    assert large.full_fold == Fold(448, 224, 1)
    resources, stages = large.unrolled()
    assert resources.lut > large.tokens * HARDWIRED_LUTS and stages > 1


def test_without_a_budget_a_matrix_is_not_solved_for_a_fold_that_is_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    solved, solve = [], matrix.solve
    monkeypatch.setattr(matrix, "solve", lambda *given: solved.append(given) or solve(*given))
    matrix._solved.cache_clear()
    network = kernel_graph((blocks := Blocks(4, 32)).graph(blocks.linear(blocks.x, 32)), 200.0)
    ends = (network.kernels, network.channels, network.sources, network.sinks, load_board("vcu118"), 200.0)
    (name,) = (kernel.name for kernel in network.kernels)
    assert find_schedule(*ends).folds[name] == Fold(1, 1, 1024)
    assert not solved
    assert find_schedule(*ends, ii_budget=4).folds[name] == Fold(32, 32, 1)
    assert solved


def test_only_a_few_modules_are_kept() -> None:
    kernel = linear(12, 12)
    depths = [kernel.rtl(fold).depth for fold in kernel.folds()]
    assert len(kernel._modules) == 2
    assert [kernel.rtl(fold).depth for fold in kernel.folds()] == depths
    assert kernel.rtl(kernel.full_fold) is kernel.rtl(kernel.full_fold)


def test_varying_bits_of_a_sample_are_those_of_all_words() -> None:
    rng = np.random.default_rng(0)
    for count, lanes, width in ((9, 2, 3), (300, 4, 5), (300, 1, 9), (64, 3, 17)):
        words = rng.integers(-(1 << (width - 1)), 1 << (width - 1), (count, lanes))
        words[:, -1] = words[:, 0]  # a lane again
        bits = words[..., None] >> np.arange(width) & 1
        columns = {tuple(column) for column in bits.reshape(count, -1).T if len(set(column)) > 1}
        assert varying_bits(words, width) == len(columns)
