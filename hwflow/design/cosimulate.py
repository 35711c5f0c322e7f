"""The cosim step of a design: its RTL under Verilator, and what was measured, beside the prediction, in the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hwflow import record as r
from hwflow.design import layout
from hwflow.design.describe import simulate_schedule
from hwflow.design.golden import golden_vectors, with_directed
from hwflow.design.recheck import check_golden
from hwflow.design.unrolled import simulate_unrolled
from hwflow.files import write_atomic
from hwflow.ir.graph import IntArray
from hwflow.kernels.base import beats, width
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.schedule.simulate import Simulation
from hwflow.verify.cosim import (
    MODES,
    CosimOptions,
    CosimResult,
    KernelPorts,
    ModeName,
    ModeResult,
    Stream,
    run_cosim,
)
from hwflow.verify.cosim.report import document

if TYPE_CHECKING:
    from hwflow.design.design import Design

COSIM, RESULT = "cosim", "cosim.json"


def cosimulate(
    design: Design,
    frames: int = 100,
    modes: Sequence[ModeName] = MODES,
    seed: int = 2026,
    streams: bool = False,
    progress: Callable[[str], None] | None = None,
) -> CosimResult:
    """Run ``frames`` frames back to back through the RTL in each mode, and save the record.

    Up to half of them, the last, are directed at entries of tables that the build's inputs do not reach.

    A wrong bit, a deadlock, a missed budget or prediction is a failed gate of the record, with the details in the
    result. Raises UserError, ToolMissing, and GateFailed when a tool ends with an error.
    """
    say = progress or (lambda _: None)
    say(f"golden values of {frames} frames")
    network, schedule = design.network, design.schedule
    check_golden(design)
    directed = min(frames // 2, design.vectors.directed_count)
    vectors = golden_vectors(design, frames - directed, "cosim")
    golden = _streams(design, with_directed(design, vectors, directed))
    kernels = [KernelPorts(k.name, k.sources, k.sinks) for k in network.kernels] if _has_kernels(design) else []
    options = CosimOptions(schedule.latency, schedule.ii, tuple(modes), seed, streams)
    work = design.path / COSIM
    result = run_cosim(design.path / layout.RTL, work, golden, kernels, options, say)
    write_atomic(work / RESULT, json.dumps(document(result), indent=1) + "\n")
    results = [*_correctness(result), *_timing(design, result)]
    design.save(r.with_stage(design.record, "cosim", results, list(_parity(network, result))))
    return result


def _has_kernels(design: Design) -> bool:
    """An unrolled design is one pipeline."""
    return design.record.style == "streaming"


def _streams(design: Design, golden: Mapping[str, IntArray]) -> dict[str, Stream]:
    """By channel, what is known of it."""
    network, found = design.network, {}
    for channel, id in network.tensor_of.items():
        tensor = network.graph.tensors[id]
        if id in golden and _has_kernels(design):
            found[channel] = Stream(golden[id].reshape(-1, beats(tensor), width(tensor)), tensor.type)
        elif channel in (*network.inputs, *network.outputs):
            found[channel] = Stream(golden[id].reshape(-1, 1, tensor.size), tensor.type)
    return found


def _prediction(design: Design, frames: int) -> Simulation:
    if _has_kernels(design):
        return simulate_schedule(design.network, design.schedule, frames)
    return simulate_unrolled(design.schedule, frames)


def _correctness(result: CosimResult) -> Iterator[r.Result]:
    yield _gate("mismatching bits", result.wrong_bits, "bits", 0)
    yield _gate("failures", len(result.failures), "", 0)
    yield r.Result(stage="cosim", metric="frames", value=result.frames, unit=f"in each of {len(result.runs)} runs")


def _timing(design: Design, result: CosimResult) -> Iterator[r.Result]:
    """What the run without stalls measured, against the budgets and the prediction."""
    run = result.nominal
    if run is None:
        return
    budgets, predicted = design.record.budgets, _prediction(design, result.frames)
    figures = (
        ("latency", run.latency, predicted.latency, budgets.latency_cycles(design.schedule.clock_mhz)),
        ("first output", run.first_output, predicted.first_output, None),
        ("initiation interval", run.ii, predicted.ii, budgets.ii_cycles),
    )
    for metric, measured, expected, budget in figures:
        yield _gate(metric, measured, "cycles", budget)
        yield _gate(f"{metric}, distance from the prediction", abs(measured - expected), "cycles", 0)
    for channel, cycles in {**run.inputs, **run.outputs}.items():
        if channel not in (SOURCE, SINK):
            measured = int(cycles[0, -1])
            yield _gate(f"last beat of {channel}", measured, "cycles", None)
            distance = abs(measured - predicted.ports[channel].last)
            yield _gate(f"last beat of {channel}, distance from the prediction", distance, "cycles", 0)
    yield from _marks(run, predicted)


def _marks(run: ModeResult, predicted: Simulation) -> Iterator[r.Result]:
    """How many FIFOs were filled to another mark than predicted, and each of them."""
    marks = {name: (use.high_water, predicted.high_water.get(name, 0)) for name, use in run.fifos.items()}
    other = {name: pair for name, pair in marks.items() if pair[0] != pair[1]}
    yield _gate("FIFOs with another mark than predicted", len(other), f"of {len(marks)}", 0)
    for name, (measured, expected) in other.items():
        yield r.Result(stage="cosim", metric=f"places used of FIFO {name}", value=measured, unit=f"of {expected}")
        distance = abs(measured - expected)
        yield _gate(f"places used of FIFO {name}, distance from the prediction", distance, "", 0)


def _parity(network: KernelGraph, result: CosimResult) -> Iterator[r.Parity]:
    """By tensor, over all runs and all channels that carry it; the inputs of the design are given, not compared."""
    names, compared, wrong = network.graph.names, dict[str, int](), dict[str, int]()
    for each in (parity for run in result.runs for parity in run.parity):
        if each.channel not in network.inputs and each.compared:
            id = network.tensor_of[each.channel]
            compared[id] = compared.get(id, 0) + each.compared
            wrong[id] = wrong.get(id, 0) + each.wrong
    for id, count in compared.items():
        yield r.Parity(tensor=names.get(id, id), stage="cosim", compared=count, mismatches=wrong[id])


def _gate(metric: str, value: int, unit: str, limit: int | None) -> r.Result:
    return r.Result(stage="cosim", metric=metric, value=value, unit=unit, limit=limit)
