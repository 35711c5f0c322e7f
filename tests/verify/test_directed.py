"""Inputs directed at table entries: found where there are any, the same every time, part of what csim and cosim run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

import hwflow
from hwflow.ir import reference
from hwflow.ir.graph import Graph
from hwflow.verify.coverage import TableCoverage
from hwflow.verify.directed import directed_inputs
from tests.support.blocks import Blocks
from tests.support.qonnx import ModelBuilder


def attention(seed: int = 0) -> Graph:
    blocks = Blocks(4, 6, seed)
    return blocks.graph(blocks.attention(blocks.x, 2))


def reached(graph: Graph, *batches: np.ndarray) -> int:
    coverage = TableCoverage(graph)
    for batch in batches:
        raw = {graph.inputs[0]: reference.quantise_input(graph, graph.inputs[0], batch)}
        coverage.add(reference.emulate(graph, raw, coverage.sources))
    return sum(table.reached for table in coverage.tables())


def test_what_is_found_reaches_more_and_every_one_of_it_something_new() -> None:
    graph = attention()
    start = np.random.default_rng(1).normal(0, 0.5, (40, 4, 6)).astype(np.float32)
    (found,) = directed_inputs(graph, [start])
    steps = [reached(graph, start, found[:count]) for count in (0, len(found) // 2, len(found))]
    assert steps[0] < steps[1] < steps[2]
    assert steps[1] - steps[0] >= steps[2] - steps[1]  # the best come first
    assert np.array_equal(directed_inputs(graph, [start])[0], found)


def test_nothing_is_looked_for_without_tables_or_when_it_is_too_much_work() -> None:
    blocks = Blocks(4, 6)
    plain = blocks.graph(blocks.linear(blocks.x, 3))
    start = np.zeros((5, 4, 6), np.float32)
    assert directed_inputs(plain, [start]) == ()
    assert directed_inputs(attention(), [start], work=100_000) == ()


def far_table(folder: Path) -> Path:
    """A table whose last entries no usual input reaches: they need a whole row at its end."""
    m = ModelBuilder()
    total = m.quant(m.node("MatMul", m.quant(m.input(1, 16), 6, 3), m.const(np.ones((16, 1)))), 9, 1)
    return m.save(folder, m.quant(m.node("Sigmoid", total), 8, 7, signed=False, name="y"))


def test_csim_and_cosim_run_them_and_see_an_entry_that_data_do_not_reach(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(0, 0.3, (200, 16)).astype(np.float32)
    design = hwflow.convert(far_table(tmp_path), output_dir=tmp_path / "d", vectors=data, clock_mhz=200)
    graph, directed = design.network.graph, design.vectors.directed[0]
    coverage = TableCoverage(graph)
    batches = [design.ports.integers([each]) for each in (data, directed)]
    usual, far = (reference.emulate(graph, raw, coverage.sources) for raw in batches)
    for values in (usual, far):
        coverage.add(values)
    assert coverage.complete and len(directed) > 200
    design.csim(200)
    said = {each.metric: each.value for each in design.record.results if each.stage == "csim"}
    assert said["inferences directed at tables"] == 200  # the best, as many as were asked for
    assert design.cosim(40, ("nominal",)).failures == ()
    design.check()
    (source,) = coverage.sources
    entry = np.setdiff1d(far[source][:200], usual[source])[0]
    change_entry(tmp_path / "d" / "hls" / "firmware" / "weights", int(entry))
    assert subprocess.run(["./csim.exe"], cwd=tmp_path / "d" / "hls", capture_output=True, check=False).returncode == 1


def change_entry(folder: Path, integer: int) -> None:
    """Make an entry of the only table another, which the compiled code reads when it starts."""
    (file,) = (path for path in folder.glob("*.txt") if "weights" not in path.name)
    numbers = file.read_text().split(", ")
    numbers[integer] = str(1 - float(numbers[integer]))
    file.write_text(", ".join(numbers))
