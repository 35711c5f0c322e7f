"""Entries of tables that inputs reach, out of those that they can: known by hand, and counted one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

import hwflow
from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, Clamp, Requantise, Table
from hwflow.ir.types import FixedType
from hwflow.onnx_import.model import import_model
from hwflow.verify import parity
from hwflow.verify.coverage import TableCoverage, TableReach
from tests.support.blocks import Blocks
from tests.support.qonnx import ModelBuilder, weights

I4 = FixedType(True, 4, 2)


def sigmoid(folder: Path) -> Path:
    """Three numbers of 4 bits in steps of 1/4, each through one table of 16 entries."""
    m = ModelBuilder()
    return m.save(folder, m.quant(m.node("Sigmoid", m.quant(m.input(1, 3), 4, 2)), 8, 7, signed=False, name="y"))


def table(builder: GraphBuilder, source: str, entries: str | None = None) -> str:
    width = builder.tensor(source).type.width
    return builder.add(Table(), source, entries or builder.constant(np.arange(1 << width), 0))


def counted(graph: Graph, *inputs: object) -> list[tuple[int, int]]:
    """Reached and reachable of each table for integers (count, *shape) of each input."""
    coverage = TableCoverage(graph)
    arrays = dict(zip(graph.inputs, map(np.asarray, inputs), strict=True))
    coverage.add(reference.emulate(graph, arrays, coverage.sources))
    return [(each.reached, each.reachable) for each in coverage.tables()]


@pytest.mark.parametrize(
    ("rows", "reached"),
    [
        ([[0, 0, 0]], 1),
        ([[-2, 1.75, 0.25]], 3),
        ([[-2, -2.5, -9], [1.75, 2, 0.3]], 3),  # saturated, and rounded to 0.25
        (np.arange(-8, 10).reshape(-1, 3) / 4, 16),
    ],
)
def test_a_quantised_input_in_front_of_a_table(tmp_path: Path, rows: Sequence[object], reached: int) -> None:
    imported = import_model(sigmoid(tmp_path))
    coverage = TableCoverage(imported.graph)
    parity.compare_every_tensor(imported, np.asarray(rows, np.float32), coverage=coverage)
    assert coverage.tables() == [TableReach("y", reached, 16)]


def test_chunks_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "_CHUNK_BYTES", 1)
    imported = import_model(sigmoid(tmp_path))
    coverage = TableCoverage(imported.graph)
    rows = np.array([[0, 0, 0], [-2, 1.75, 0.25], [0, 0, 1]], np.float32)
    parity.compare_every_tensor(imported, rows, coverage=coverage)
    assert coverage.tables() == [TableReach("y", 5, 16)]


def test_every_build_says_it(tmp_path: Path) -> None:
    rows = np.array([[0, 0, 0], [-2, 1.75, 0.25]], np.float32)
    design = hwflow.convert(sigmoid(tmp_path), output_dir=tmp_path / "design", vectors=rows)
    said = [(r.metric, r.value, r.unit, r.limit) for r in design.record.results if "addresses" in r.metric]
    assert said == [  # four by the rows, the others by inputs directed at them
        ("table addresses reached", 16, "of 16 in 1 tables", None),
        ("table addresses reached, y", 16, "of 16", None),
    ]


def test_what_no_input_reaches_is_not_asked_for() -> None:
    builder = GraphBuilder()
    source = builder.add(Requantise(I4), builder.add(Clamp(0, None), builder.input((2,), I4)))
    graph = builder.build([table(builder, source)])
    assert counted(graph, [[-8, -1]]) == [(1, 8)]
    assert counted(graph, np.arange(-8, 8).reshape(-1, 2)) == [(8, 8)]


def test_elements_that_reach_different_ranges_leave_a_gap() -> None:
    builder = GraphBuilder()
    source = builder.add(Add(), builder.input((2,), FixedType(False, 2, 0)), builder.constant(np.array([0, 12]), 0))
    graph = builder.build([table(builder, source)])
    assert counted(graph, [[3, 0], [2, 0]]) == [(3, 8)]


def test_a_constant_that_two_tables_share_is_a_table_in_each() -> None:
    builder = GraphBuilder()
    entries = builder.constant(np.arange(16), 0)
    outputs = [table(builder, builder.input((1,), I4), entries) for _ in range(2)]
    assert counted(builder.build(outputs), [[0], [1], [2]], [[5], [5], [5]]) == [(3, 16), (1, 16)]


def test_a_table_of_a_constant_has_nothing_to_reach() -> None:
    builder = GraphBuilder()
    fixed = table(builder, builder.constant(np.arange(4), 0))
    graph = builder.build([builder.add(Add(), builder.input((4,), I4), fixed)])
    assert counted(graph, [[0, 0, 0, 0]]) == []


def test_tokens_reach_rows(tmp_path: Path) -> None:
    """Of 11 rows; -1 is the last one, and so is what lies beyond it."""
    m = ModelBuilder()
    rows = m.node("Gather", m.weights(weights(11, 4)), m.input(1, 5, type=TensorProto.INT64))
    imported = import_model(m.save(tmp_path, m.quant(m.node("Relu", rows), 8, 4)))
    tokens = {imported.graph.inputs[0]: np.array([[0, 3, -1, 10, 3]])[..., None]}
    integers = [reference.quantise_input(imported.graph, id, x) for id, x in tokens.items()]
    assert counted(imported.graph, *integers)[0] == (3, 11)
    assert counted(imported.graph, [[[15], [12], [10], [10], [11]]])[0] == (1, 11)


@pytest.mark.parametrize("maximum", [True, False])
def test_counts_are_those_of_the_integers_themselves(maximum: bool) -> None:
    blocks = Blocks(4, 6)
    graph = blocks.graph(blocks.attention(blocks.x, 2, maximum=maximum))
    inputs = np.random.default_rng(1).integers(-128, 128, (40, 4, 6))
    sources = [node.inputs[0] for node in graph.nodes if isinstance(node.op, Table)]
    values = reference.run(graph, {graph.inputs[0]: inputs}, sources)
    found = counted(graph, inputs)
    assert [reached for reached, _ in found] == [len(np.unique(values[id])) for id in sources]
    assert all(0 < reached <= reachable for reached, reachable in found)
