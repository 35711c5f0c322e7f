"""What the limit of a gate is: it follows from what was asked for and from what the gate is, not from its row."""

from __future__ import annotations

from collections.abc import Iterator

from hwflow.record.model import BuildRecord, ResourceUse, Result, Stage
from hwflow.record.near_exact import STAGES, near_exact_limit

Limit = int | float | None

ZERO: frozenset[Stage] = frozenset({"reference", "oracle", "framework", "artefacts", "csim", "cosim", "hls-cosim"})
"""Stages whose gates count what is wrong: all but those of a budget allow nothing."""
TIMED: frozenset[Stage] = frozenset({"cosim", "hls-cosim"})
"""Stages that measure cycles."""


def contradictions(record: BuildRecord) -> Iterator[str]:
    """Every limit that is another than its definition says, in words."""
    for result in record.results:
        expected = defined_limit(record, result)
        if result.limit != expected:
            yield f"{result.stage}: {result.metric} has the limit {result.limit}, its definition says {expected}"


def defined_limit(record: BuildRecord, result: Result) -> Limit:
    """The limit that a result must have; a figure without a definition has none, or keeps its own."""
    budgets, stage, metric = record.budgets, result.stage, result.metric
    if stage in ("estimate", "yosys", "csynth", "vsynth", "post-route"):
        return _physical(record, result)
    if stage in STAGES:
        return near_exact_limit(record, result)
    if stage in TIMED and metric == "latency":
        return budgets.latency_cycles(record.clock_mhz)
    if stage in TIMED and metric == "initiation interval":
        return budgets.ii_cycles
    return 0 if stage in ZERO and result.limit is not None else result.limit


def clock_period_ps(clock_mhz: float) -> int:
    """The longest delay, in whole picoseconds, that keeps a clock; the small term undoes a rounding of the quotient."""
    return int(1e6 / clock_mhz + 1e-6)


def _physical(record: BuildRecord, result: Result) -> Limit:
    """Of resources, of the estimated times, and of the clock after synthesis, which is a gate where it is trusted."""
    stage, metric, unit = result.stage, result.metric, result.unit
    if metric in ResourceUse.model_fields:
        usable: int = getattr(record.board.usable, metric)
        return usable
    if stage == "estimate":
        times = {
            ("latency", "us"): record.budgets.latency_us,
            ("initiation interval", "cycles"): record.budgets.ii_cycles,
        }
        return times.get((metric, unit))
    if stage == "post-route" and metric == "clock period":
        return clock_period_ps(record.clock_mhz) / 1000
    return clock_period_ps(record.clock_mhz) if stage == "yosys" and result.limit is not None else None
