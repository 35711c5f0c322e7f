"""The csim step of a design: vectors and testbench into the project, g++, and what it found into the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwflow import record as r
from hwflow.backends.hls.testbench import Limits, write_testbench
from hwflow.design import layout
from hwflow.design.golden import golden_vectors, with_directed, with_expected
from hwflow.design.parity import accuracy
from hwflow.design.recheck import check_golden
from hwflow.ir.graph import IntArray
from hwflow.verify.csim import CsimResult, run_csim

if TYPE_CHECKING:
    from hwflow.design.design import Design


def simulate_c(design: Design, count: int, progress: Callable[[str], None] | None) -> r.BuildRecord:
    """Run ``count`` inferences through the C++ design; returns the new record, which is saved too."""
    say = progress or (lambda _: None)
    say(f"vectors for {count} inferences")
    check_golden(design)
    vectors = with_expected(design, with_directed(design, golden_vectors(design, count, "csim"), count))
    project = design.path / layout.HLS
    write_bench(design, vectors, project)
    say("compile with g++ and run")
    result = run_csim(project)
    build = r.with_testbench(design.record, design.path)
    build = r.with_stage(
        build,
        "csim",
        _results(result, count, min(count, design.vectors.directed_count)),
        _parity(design, result),
        _accuracy(design, count),
    )
    return design.save(build)


def write_bench(design: Design, vectors: Mapping[str, IntArray], folder: Path) -> None:
    """The testbench with vectors by tensor id, and the limits of the schedule and the budgets."""
    write_testbench(design.network, design.record.io_type, _limits(design), vectors, folder)


def _limits(design: Design) -> Limits:
    budgets, schedule = design.record.budgets, design.schedule
    latency = budgets.latency_cycles(schedule.clock_mhz) or 0
    return Limits(schedule.latency, latency, schedule.ii, budgets.ii_cycles or 0)


def _results(result: CsimResult, count: int, directed: int) -> list[r.Result]:
    """Behind the inferences that were asked for come those directed at tables, then the framework's, if any."""
    bits = r.Result(stage="csim", metric="mismatching bits", value=result.wrong_bits, unit="bits", limit=0)
    failures = r.Result(stage="csim", metric="testbench failures", value=len(result.failures), limit=0)
    inferences = {
        "inferences": min(count, result.vectors),
        "inferences directed at tables": min(directed, result.vectors - count),
        "inferences of the framework": result.vectors - count - directed,
    }
    figures = [r.Result(stage="csim", metric=name, value=value) for name, value in inferences.items() if value > 0]
    return [bits, failures, *figures]


def _parity(design: Design, result: CsimResult) -> list[r.Parity]:
    graph = design.network.graph
    outputs = {k.name: graph.names.get(k.output, k.output) for k in design.network.kernels}
    return [
        r.Parity(tensor=outputs[name], stage="csim", compared=compared, mismatches=wrong)
        for name, (compared, wrong) in result.kernels.items()
        if compared
    ]


def _accuracy(design: Design, count: int) -> list[r.Accuracy]:
    """Scored on what the C++ put out, where the inputs have labels; of transcripts those of whole sequences."""
    vectors = design.vectors
    each = len(vectors.inputs) // max(1, len(vectors.labels))
    labels = vectors.labels[: count // max(1, each)]
    log = design.path / layout.HLS / "tb_data" / "csim_results.log"
    if not len(labels) or not log.is_file():
        return []
    outputs = np.loadtxt(log, dtype=np.int64, ndmin=2)[: each * len(labels)]
    if len(outputs) < each * len(labels):
        return []
    return [accuracy("csim", design.ports.real(0, design.network.filed(0, outputs)), labels, vectors.classes)]
