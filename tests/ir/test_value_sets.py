"""Integers that a tensor can be: all that it is, and no more where that can be worked out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.ops import ReduceMax, ReduceSum, Sub, Table
from hwflow.ir.types import FixedType
from hwflow.ir.value_sets import value_sets
from tests.support.blocks import Blocks, random_transformer
from tests.support.ports import random_inputs

U2 = FixedType(False, 2, 0)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_outside(seed: int) -> None:
    graph = random_transformer(seed)
    ids = [node.output for node in graph.nodes if graph.tensors[node.output].type.width <= 16]
    values, sets = reference.run(graph, random_inputs(graph, 20, seed), ids), value_sets(graph, ids)
    for id in ids:
        assert np.isin(values[id], sets[id]).all(), id


@pytest.mark.parametrize("maximum", [True, False])
def test_sums_of_table_entries_are_those_of_all_inputs(maximum: bool) -> None:
    """One of each row is what the table has for 0, where the row's maximum is subtracted."""
    builder = GraphBuilder()
    x = builder.input((3,), U2)
    y = builder.add(Sub(), builder.add(ReduceMax(-1), x), x) if maximum else x
    powers = builder.add(Table(), y, builder.constant(np.array([9, 4, 1, 0]), 0))
    total = builder.add(ReduceSum(-1), powers)
    graph = builder.build([total])
    every = np.array(list(product(range(4), repeat=3)))
    found = np.unique(reference.run(graph, {graph.inputs[0]: every})[total])
    assert np.array_equal(value_sets(graph, [total])[total], found)


def test_a_set_that_is_too_large_is_its_interval() -> None:
    blocks = Blocks(4, 6)
    wide = blocks.builder.input((4, 6), FixedType(True, 18, 0))
    graph = blocks.graph(total := blocks.builder.add(ReduceSum(-1), wide))
    values = value_sets(graph, [total])[total]
    assert (values[0], values[-1]) == (-6 * 2**17, 6 * (2**17 - 1))
