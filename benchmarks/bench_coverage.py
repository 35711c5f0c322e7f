"""Entries of tables that a build's default inputs reach, those that it directs at the rest, out of those that can be.

    python benchmarks/bench_coverage.py [--only jet_tagger_n8 btag]

Untrained models of the zoo; of trained ones every build says it in its record.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from common import export_untrained, print_table

from hwflow.ir import reference
from hwflow.models import ZOO
from hwflow.onnx_import.model import import_model
from hwflow.verify.coverage import TableCoverage
from hwflow.verify.directed import directed_inputs
from hwflow.verify.ports import Arrays, ModelPorts

NAMES = ("jet_tagger_n8", "jet_tagger_n32", "btag", "engine", "gw", "shvit_nano")
DEFAULT = 1000


def row(name: str, folder: Path) -> list[object]:
    """Counts of one model, and the seconds that the search took."""
    imported = import_model(export_untrained(ZOO[name], folder / "model.onnx"))
    graph, ports = imported.graph, ModelPorts(imported.graph, imported.golden)
    default, coverage = ports.filled(ports.default(DEFAULT)), TableCoverage(graph)
    began = time.monotonic()
    directed = directed_inputs(graph, default)
    seconds = time.monotonic() - began
    counts = [_reached(coverage, ports, arrays) for arrays in (default, directed) if arrays]
    reachable = sum(table.reachable for table in coverage.tables())
    return [name, counts[0], counts[-1], len(directed[0]) if directed else 0, reachable, f"{seconds:.1f}"]


def _reached(coverage: TableCoverage, ports: ModelPorts, arrays: Arrays) -> int:
    raw = ports.integers(arrays)
    coverage.add(reference.emulate(ports.graph, raw, coverage.sources))
    return sum(table.reached for table in coverage.tables())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=NAMES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(name, Path(folder)) for name in given.only]
    columns = ["model", f"{DEFAULT} inputs", "with directed", "directed", "can be reached", "seconds"]
    print_table("Entries of tables", columns, rows)


if __name__ == "__main__":
    main()
