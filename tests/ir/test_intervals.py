"""Bounds of a finished graph are those that its builder had."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.ir.intervals import graph_bounds
from hwflow.ir.ops import Clamp
from tests.support.blocks import Blocks


@pytest.mark.parametrize("maximum", [True, False])
def test_a_finished_graph_has_the_bounds_of_its_builder(maximum: bool) -> None:
    blocks = Blocks(4, 6)
    y = blocks.attention(blocks.builder.add(Clamp(-100, None), blocks.x), 2, maximum=maximum)
    graph = blocks.graph(blocks.linear(y, 3, relu=True))
    for id, found in graph_bounds(graph, graph.tensors).items():
        expected = blocks.builder.bounds(id)
        assert np.array_equal(found.lo, expected.lo) and np.array_equal(found.hi, expected.hi), id


def test_only_what_is_wanted_is_computed() -> None:
    blocks = Blocks(2, 3)
    first = blocks.linear(blocks.x, 3)
    graph = blocks.graph(blocks.linear(first, 3))
    assert list(graph_bounds(graph, [first])) == [first]
    assert graph_bounds(graph, []) == {}
