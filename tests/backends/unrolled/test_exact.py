"""The traced program equals the integer reference on every input tried."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("alkaid")

from hwflow.backends.unrolled import program, symbolic
from hwflow.backends.unrolled.clamps import clamp_last
from hwflow.backends.unrolled.trace import trace
from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Clamp, Requantise
from hwflow.ir.types import FixedType
from hwflow.models import Precision
from hwflow.onnx_import.model import import_model
from hwflow.passes import canonicalise
from tests.backends.unrolled import graphs
from tests.support.zoo import export_untrained

SMALL = Precision(weight=3, activation=4, table=4, bias=8, sum=6)


def assert_exact(graph: Graph, frames: int) -> None:
    source, sink = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    rng = np.random.default_rng(1)
    inputs = rng.integers(source.type.lo, source.type.hi, (frames, *source.shape), endpoint=True)
    expected = reference.run(graph, {source.id: inputs})[sink.id]
    found = program.run(trace(clamp_last(canonicalise(graph))), inputs)
    assert np.array_equal(found.reshape(expected.shape), expected)


@pytest.mark.parametrize("seed", range(3))
def test_every_op(seed: int) -> None:
    assert_exact(graphs.attention(seed), 2000)


def test_constant_from_the_left() -> None:
    assert_exact(graphs.token_mix(), 2000)


@pytest.mark.parametrize("changes", [{"particles": 2}, {"particles": 3, "linformer": 2}], ids=["plain", "linformer"])
def test_jet_tagger(changes: dict[str, int], tmp_path: Path) -> None:
    model = export_untrained("jet_tagger_n8", tmp_path / "model.onnx", precision=SMALL, **changes)
    assert_exact(import_model(model).graph, 1000)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("shift", [-2, 0, 1, 3, 7])
def test_requantise_every_integer(signed: bool, shift: int) -> None:
    """Ties, saturation at both ends, ranges that are no type's, sources with offsets and with zero lowest bits."""
    source = FixedType(signed, 5, 0)
    integers = np.arange(source.lo, source.hi + 1).reshape(-1, 1)
    ranges = ((0, 1), (0, 7), (-2, 1), (-8, 7), (-7, 7), (-1, 0), (0, 0))
    for (factor, offset), even, (lo, hi) in itertools.product(((1, 0), (1, -5), (2, 2)), (True, False), ranges):
        ports = symbolic.inputs((1,), source)
        result = symbolic.requantised(ports * factor + offset, shift, even, lo, hi)
        exact = (integers * factor + offset) / 2.0**shift
        expected = np.clip(np.rint(exact) if even else np.floor(exact), lo, hi)
        assert np.array_equal(program.run(program.traced(ports, result), integers), expected), (factor, even, lo, hi)


@pytest.mark.parametrize("target", [FixedType(False, 4, 1), FixedType(True, 4, 1), FixedType(True, 8, 2)])
@pytest.mark.parametrize("clamp", [Clamp(0, None), Clamp(-3, 21), Clamp(None, 5), Clamp(6, None)])
@pytest.mark.parametrize("rounding", ["half_even", "floor"])
def test_clamps_move_behind_requantisers(target: FixedType, clamp: Clamp, rounding: str) -> None:
    b = GraphBuilder()
    x = b.input((1,), FixedType(True, 7, 3))
    y = b.add(Requantise(target, rounding), b.add(clamp, x))  # type: ignore[arg-type]
    graph = b.build([y])
    moved = clamp_last(graph)
    assert isinstance(moved.nodes[0].op, Requantise)
    every = {x: np.arange(-64, 64).reshape(-1, 1)}
    assert np.array_equal(reference.run(moved, every)[y], reference.run(graph, every)[y])
    assert_exact(graph, 200)
