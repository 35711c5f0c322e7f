"""Matrices beyond what any board takes as shifts and adds: neither solved nor offered, and the rest stays light."""

from __future__ import annotations

import numpy as np

from hwflow.kernels.linear import HARDWIRED_LUTS, Linear
from hwflow.kernels.network import kernel_graph
from hwflow.schedule.costs import varying_bits
from hwflow.schedule.kernel import Fold
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
