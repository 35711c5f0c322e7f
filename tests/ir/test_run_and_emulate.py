"""The reference on batches, and the integers of real inputs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, Concat, MatMul, ReduceMax, Requantise, Sub
from hwflow.ir.types import FixedType


def graph_of(width: int = 16) -> Graph:
    """x, a product, a row maximum and a constant joined."""
    builder = GraphBuilder()
    x = builder.input((5, width), FixedType(True, 8, 4))
    weights = np.random.default_rng(0).integers(-8, 8, size=(width, width))
    y = builder.add(Requantise(FixedType(True, 8, 3)), builder.add(MatMul(), x, builder.constant(weights, 3)))
    z = builder.add(Sub(), y, builder.add(ReduceMax(-1), y))
    joined = builder.add(Concat(-1), builder.add(Add(), x, z), builder.constant(np.ones((5, 2), np.int64), 0))
    builder.name(x, "pixels")
    return builder.build([joined])


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 7, 64, 1000])
def test_emulation_equals_the_reference_for_every_batch_size(batch: int) -> None:
    graph = graph_of()
    (x,), (y,) = graph.inputs, graph.outputs
    inputs = {x: np.random.default_rng(batch).integers(-128, 128, size=(batch, 5, 16))}
    keep = [n.output for n in graph.nodes]
    expected, found = reference.run(graph, inputs, keep), reference.emulate(graph, inputs, keep)
    assert set(found) == {y, *keep}
    assert all(np.array_equal(found[id], expected[id]) for id in expected)


def test_a_batch_larger_than_a_chunk_is_cut_and_joined_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of()
    (x,), (y,) = graph.inputs, graph.outputs
    inputs = {x: np.random.default_rng(0).integers(-128, 128, size=(23, 5, 16))}
    monkeypatch.setattr(reference, "_CHUNK_ELEMENTS", 200)
    assert np.array_equal(reference.emulate(graph, inputs)[y], reference.run(graph, inputs)[y])


def input_graph(type: FixedType) -> Graph:
    builder = GraphBuilder()
    x = builder.input((4,), type)
    builder.name(x, "pixels")
    return builder.build([x])


@pytest.mark.parametrize(
    ("type", "values", "expected"),
    [
        (FixedType(True, 4, 1), [0.25, 0.75, -0.25, -0.75], [0, 2, 0, -2]),  # ties to even
        (FixedType(True, 4, 1), [3.49, 3.75, -4.0, -99.0], [7, 7, -8, -8]),
        (FixedType(False, 4, -2), [6.0, 2.0, -1.0, 1e9], [2, 0, 0, 15]),
        (FixedType(True, 32, 0), [3e9, -3e9, 16777217.0, 0.5], [2**31 - 1, -(2**31), 16777216, 0]),
        (FixedType(False, 32, 8), [3e9, 16777215.0, 2.0**-9, -1.0], [2**32 - 1, 16777215 * 256, 0, 0]),
    ],
)
def test_real_inputs_are_rounded_half_even_and_saturate(
    type: FixedType, values: list[float], expected: list[int]
) -> None:
    graph = input_graph(type)
    found = reference.quantise_input(graph, graph.inputs[0], np.array([values], np.float32))
    assert found.tolist() == [expected]


def test_input_data_of_another_shape_or_not_finite_is_refused() -> None:
    graph = input_graph(FixedType(True, 8, 4))
    with pytest.raises(UserError, match=r"input 'pixels': found shape \(2, 5\); expected \(batch, 4\)"):
        reference.quantise_input(graph, graph.inputs[0], np.zeros((2, 5), np.float32))
    for bad in (np.nan, np.inf):
        with pytest.raises(UserError, match="input 'pixels': found a value that is not finite"):
            reference.quantise_input(graph, graph.inputs[0], np.full((1, 4), bad, np.float32))


def test_chunks_have_the_threads_and_blas_has_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, run, seen = graph_of(), reference.run, set[int]()

    def looked_at(*given: Any) -> Any:
        seen.update(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return run(*given)

    monkeypatch.setattr(reference, "run", looked_at)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with threadpool_limits(limits=2, user_api="blas"):
        reference.emulate(graph, {graph.inputs[0]: np.zeros((64, 5, 16), np.int64)})
    assert seen == {1}
