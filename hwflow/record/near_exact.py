"""The gates of near-exact mode: what a record must say of the distance from the original."""

from __future__ import annotations

from collections.abc import Iterator

from hwflow.record.model import BuildRecord, Result, Stage

MEAN_ERROR, DISAGREEMENT = "mean error", "top-1 disagreement"
STAGES: tuple[Stage, Stage] = ("near-exact", "near-exact (synthetic)")


def near_exact_limit(record: BuildRecord, result: Result) -> float | None:
    """What was asked for."""
    if result.metric.startswith(MEAN_ERROR):
        return record.tolerance.mean_error
    return record.tolerance.disagreement if result.metric.startswith(DISAGREEMENT) else None


def missing_distance(record: BuildRecord) -> Iterator[str]:
    """Every output has its mean error, and its top class or the word that it has none."""
    if not record.model.rewrites:
        return
    said = [result.metric for result in record.results if result.stage in STAGES]
    for what, starts in (("mean error", MEAN_ERROR), ("top class", (DISAGREEMENT, "top class: does not apply"))):
        count = sum(metric.startswith(starts) for metric in said)
        if not said or count != len(record.outputs):
            yield f"near-exact: {count} gates of the {what} for {len(record.outputs)} outputs"
