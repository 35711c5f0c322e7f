"""Which gates a record must have: one whose row was deleted is a failure, not a gate that held."""

from __future__ import annotations

from collections.abc import Iterator

from hwflow.record.model import BuildRecord, ResourceUse, Stage
from hwflow.record.near_exact import missing_distance

RUNS: dict[Stage, tuple[str, ...]] = {
    "csim": ("mismatching bits", "testbench failures"),
    "cosim": ("mismatching bits", "failures"),
    "hls-cosim": ("failures",),
}
"""Stages that run what the build wrote, and the gates of each; synthesis says nothing of what it computes."""


def missing(record: BuildRecord) -> list[str]:
    """What the stages that were run should have said and did not, in words."""
    gates = {(r.stage, r.metric) for r in record.results if r.limit is not None}
    wanted = [*_build(record), *_runs(record)]
    return [
        *(f"{stage}: no gate {metric!r}" for stage, metric in wanted if (stage, metric) not in gates),
        *_parity(record),
        *missing_distance(record),
    ]


def ran(record: BuildRecord) -> list[Stage]:
    """The stages of `RUNS` that the record has a word of."""
    said = {r.stage for r in record.results} | {p.stage for p in record.parity}
    return [stage for stage in RUNS if stage in said]


def _build(record: BuildRecord) -> Iterator[tuple[Stage, str]]:
    """Of every build: the file against golden.onnx, that against the reference, the artefacts, budgets, board."""
    if not record.model.rewrites:  # else another model is meant
        yield "oracle", "import: differing values"
    yield "reference", "output mismatches"
    yield "artefacts", "differences from the graph"
    yield from (("estimate", kind) for kind in ResourceUse.model_fields)
    if record.budgets.latency_us is not None:
        yield "estimate", "latency"
    if record.budgets.ii_cycles is not None:
        yield "estimate", "initiation interval"


def _runs(record: BuildRecord) -> Iterator[tuple[Stage, str]]:
    """Of the runs of the design. One that was given budgets measures them, which is for the run without pauses."""
    stages = ran(record)
    yield from ((stage, metric) for stage in stages for metric in RUNS[stage])
    if "cosim" in stages and record.budgets.latency_us is not None:
        yield "cosim", "latency"
    if "cosim" in stages and record.budgets.ii_cycles is not None:
        yield "cosim", "initiation interval"


def _parity(record: BuildRecord) -> Iterator[str]:
    """Every tensor that oracle and reference were compared on, and every output in each run, has its row."""
    yield from _counted(record, "reference", "tensors compared")
    if not record.model.rewrites:
        yield from _counted(record, "oracle", "import: tensors compared")
    if not record.outputs:
        yield "no output is named"
    for stage in ran(record):
        tensors = {p.tensor for p in record.parity if p.stage == stage}
        if stage != "hls-cosim":
            yield from (f"{stage}: output {name} was not compared" for name in record.outputs if name not in tensors)


def _counted(record: BuildRecord, stage: Stage, metric: str) -> Iterator[str]:
    counted = [r.value for r in record.results if (r.stage, r.metric) == (stage, metric)]
    rows = sum(p.stage == stage for p in record.parity)
    if counted != [rows] or not rows:
        yield f"{stage}: {rows} rows of parity for {counted[0] if counted else 'no'} tensors compared"
