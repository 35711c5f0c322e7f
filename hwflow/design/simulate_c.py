"""The csim step of a design: vectors and testbench into the project, g++, and what it found into the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hwflow import record as r
from hwflow.backends.hls.testbench import Limits, write_testbench
from hwflow.design import layout
from hwflow.design.parity import accuracy
from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.kernels.network import SINK, SOURCE
from hwflow.onnx_import.session import session_of
from hwflow.verify.csim import CsimResult, run_csim
from hwflow.verify.golden import grid_integers
from hwflow.verify.vectors import SEED, default_inputs

if TYPE_CHECKING:
    from hwflow.design.design import Design


def simulate_c(design: Design, count: int, progress: Callable[[str], None] | None) -> r.BuildRecord:
    """Run ``count`` inferences through the C++ design; returns the new record, which is saved too."""
    say = progress or (lambda _: None)
    say(f"vectors for {count} inferences")
    vectors = _vectors(design, count)
    project = design.path / layout.HLS
    write_testbench(design.network, design.record.io_type, _limits(design), vectors, project)
    say("compile with g++ and run")
    result = run_csim(project)
    build = r.with_stage(design.record, "csim", _results(result), _parity(design, result), _accuracy(design, count))
    return design.save(build)


def _limits(design: Design) -> Limits:
    budgets, schedule = design.record.budgets, design.schedule
    latency = budgets.latency_cycles(schedule.clock_mhz) or 0
    return Limits(schedule.latency, latency, schedule.ii, budgets.ii_cycles or 0)


def _vectors(design: Design, count: int) -> dict[str, IntArray]:
    """Integers of the input port, the outputs and the kernels; more than the build stored are made here."""
    if count < 1:
        raise UserError("csim", f"{count} vectors", "at least 1", "Give a larger number.")
    graph, stored = design.network.graph, design.vectors
    inputs = stored.inputs[:count]
    golden = {id: values[:count] for id, values in stored.golden.items()}
    sink = design.network.tensor_of[SINK]
    if count > len(inputs):
        more = default_inputs(graph, count - len(inputs), SEED + 1)
        inputs = np.concatenate([inputs, more])
        golden[sink] = np.concatenate([golden[sink], _golden_outputs(design, more)])
    return {design.network.tensor_of[SOURCE]: reference.quantise_input(graph, graph.inputs[0], inputs), **golden}


def _golden_outputs(design: Design, inputs: np.ndarray) -> IntArray:
    session = session_of((design.path / layout.GOLDEN).read_bytes())
    (port,) = session.get_inputs()
    outputs = [session.run(None, {port.name: sample.reshape(port.shape)})[0] for sample in inputs]
    return grid_integers(np.stack(outputs), design.network.graph, design.network.tensor_of[SINK])


def _results(result: CsimResult) -> list[r.Result]:
    bits = r.Result(
        stage="csim",
        metric="mismatching bits",
        value=result.wrong_bits,
        unit="bits",
        limit=0,
        ok=result.wrong_bits == 0,
    )
    failures = r.Result(
        stage="csim", metric="testbench failures", value=len(result.failures), limit=0, ok=result.passed
    )
    return [bits, failures, r.Result(stage="csim", metric="inferences", value=result.vectors)]


def _parity(design: Design, result: CsimResult) -> list[r.Parity]:
    graph = design.network.graph
    outputs = {k.name: graph.names.get(k.output, k.output) for k in design.network.kernels}
    return [
        r.Parity(tensor=outputs[name], stage="csim", compared=compared, mismatches=wrong)
        for name, (compared, wrong) in result.kernels.items()
        if compared
    ]


def _accuracy(design: Design, count: int) -> list[r.Accuracy]:
    """Scored on what the C++ put out, where the inputs have labels."""
    labels = design.vectors.labels[:count]
    log = design.path / layout.HLS / "tb_data" / "csim_results.log"
    if not len(labels) or not log.is_file():
        return []
    outputs = np.loadtxt(log, dtype=np.int64, ndmin=2)[: len(labels)]
    tensor = design.network.graph.tensors[design.network.tensor_of[SINK]]
    if len(outputs) < len(labels):
        return []
    real = design.ports.to_real(outputs * tensor.type.step)
    return [accuracy("csim", real, labels, design.vectors.classes)]
