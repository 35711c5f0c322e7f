"""The kernels of convolutions and local pools, and their C++."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.ir.ops import Mul, ReduceSum, Transpose, Window
from hwflow.kernels.linear import Linear
from hwflow.kernels.network import kernel_graph
from hwflow.kernels.pool import Pool
from tests.kernels.covered import covered, kinds
from tests.support.blocks import Blocks
from tests.support.convolutions import ConvBlocks, random_convnet, same
from tests.support.csim import assert_csim_equals_reference
from tests.support.rtl import Scheduled

STRIDED = Window((3, 3), (2, 2), (1, 1, 1, 1))


def test_a_convolution_is_a_window_and_a_linear_kernel() -> None:
    blocks = ConvBlocks(5, 4, 3)
    network = covered(blocks.graph(blocks.convolution(blocks.x, 7, STRIDED)))
    assert [k.kind for k in network.kernels] == ["window", "linear"]
    linear = network.kernels[1]
    assert isinstance(linear, Linear)
    assert (linear.beats, linear.tokens, linear.macs) == (9, 6, 6 * 27 * 7)


def test_a_depthwise_convolution_is_a_window_and_a_pool() -> None:
    blocks = ConvBlocks(5, 4, 3)
    network = covered(blocks.graph(blocks.depthwise(blocks.x, STRIDED)))
    assert [k.kind for k in network.kernels] == ["window", "pool"]
    pool = network.kernels[1]
    assert isinstance(pool, Pool)
    assert (pool.tokens, pool.groups, pool.macs) == (9, 6, 6 * 27)
    assert len(pool.front) == 1 and len(pool.tail) == 2  # bias and requantiser are in it


def test_a_network_with_residuals_and_pools() -> None:
    blocks = ConvBlocks(6, 6, 2)
    y = blocks.residual(blocks.x, blocks.convolution(blocks.x, 2, same(3, 6)))
    y = blocks.local_pool(blocks.pointwise(y, 4), Window((2, 2), (2, 2)), maximum=True)
    y = blocks.linear(blocks.global_pool(y), 3)
    assert kinds(covered(blocks.graph(y))) == {"fork": 1, "window": 2, "linear": 3, "elementwise": 1, "pool": 2}


def test_two_products_read_one_window() -> None:
    blocks = ConvBlocks(5, 4, 3)
    rows = blocks.reshape(blocks.builder.add(STRIDED, blocks.x), 6, 27)
    y = blocks.residual(blocks.linear(rows, 4), blocks.linear(rows, 4))
    assert kinds(covered(blocks.graph(y))) == {"window": 1, "linear": 2, "elementwise": 1}


def test_tokens_weighted_and_summed_are_one_kernel() -> None:
    blocks = Blocks(4, 6)
    product = blocks.builder.add(Mul(), blocks.random(4, 6), blocks.x)
    y = blocks.requantise(blocks.builder.add(ReduceSum(-2), product))
    assert kinds(covered(blocks.graph(blocks.linear(y, 6)))) == {"pool": 1, "linear": 1}


def test_an_image_that_comes_in_another_order_is_refused() -> None:
    blocks = ConvBlocks(4, 4, 2)
    image = blocks.reshape(blocks.pointwise(blocks.x, 2), 4, 4, 2)
    turned = blocks.builder.add(Transpose((1, 0, 2)), image)
    with pytest.raises(UserError, match=r"Window \[2, 2, 9, 2\]"):
        kernel_graph(blocks.graph(blocks.builder.add(Window((3, 3)), turned)), 200.0)


@settings(max_examples=25)
@given(st.integers(0, 1 << 20))
def test_random_networks_are_covered(seed: int) -> None:
    covered(random_convnet(seed))


@pytest.mark.parametrize(("seed", "io_type"), [(13, "io_stream"), (3, "io_parallel")])
def test_csim(seed: int, io_type: str, tmp_path: Path) -> None:
    pick = np.random.default_rng(seed) if io_type == "io_stream" else -1
    assert_csim_equals_reference(Scheduled.of(random_convnet(seed), pick), tmp_path, io_type)  # type: ignore[arg-type]
