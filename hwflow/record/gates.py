"""What a build record must hold up to."""

from __future__ import annotations

from collections.abc import Sequence

from hwflow.errors import GateFailed
from hwflow.record.evidence import evidence_of
from hwflow.record.limits import contradictions
from hwflow.record.model import Accuracy, BuildRecord, KernelResources, Parity, Result, Stage
from hwflow.record.required import missing, ran


def gated(record: BuildRecord) -> list[Result]:
    """Every result that can fail. Each parity entry is one, with the limit 0: golden.onnx is exact in either mode."""
    results = [r for r in record.results if r.ok is not None]
    return results + [_as_result(p) for p in record.parity]


def failed(record: BuildRecord) -> list[Result]:
    """The gated results that did not hold."""
    return [r for r in gated(record) if not r.ok]


def gate(record: BuildRecord) -> None:
    """Raise GateFailed, naming each failed result and each gate that is not there, or saying that nothing was measured.

    Estimates and the reference alone do not pass: a check that the design was not run for could not have failed.
    """
    if failures := failed(record):
        raise GateFailed(f"{len(failures)} of {len(gated(record))} gates failed: {'; '.join(map(str, failures))}")
    if raised := list(contradictions(record)):
        raise GateFailed(f"limits that are not those of the design: {'; '.join(raised)}")
    if not measured(record):
        raise GateFailed("the design itself was not run against a limit, so nothing is known to hold; run hwflow csim")
    if absent := missing(record):
        raise GateFailed(f"gates are missing from the record: {'; '.join(absent)}")


def measured(record: BuildRecord) -> bool:
    """Whether any gated result comes from a stage that ran the design itself, not just its model."""
    return bool({r.stage for r in gated(record)} & set(ran(record)))


def with_stage(
    record: BuildRecord,
    stage: Stage,
    results: Sequence[Result],
    parity: Sequence[Parity] = (),
    accuracy: Sequence[Accuracy] = (),
    kernel_resources: Sequence[KernelResources] = (),
) -> BuildRecord:
    """The record after ``stage`` was run again: all that it said before is replaced, other stages stay.

    The results rest on the files of ``record`` as they are now.
    """
    strays = {r.stage for r in results} | {p.stage for p in parity} | {a.stage for a in accuracy}
    strays |= {k.stage for k in kernel_resources}
    if strays := strays - {stage}:
        raise ValueError(f"with_stage: results of {', '.join(sorted(strays))} given for {stage}")
    return record.model_copy(
        update={
            "evidence": {**record.evidence, stage: evidence_of(record, stage)},
            "results": (*(r for r in record.results if r.stage != stage), *results),
            "parity": (*(p for p in record.parity if p.stage != stage), *parity),
            "accuracy": (*(a for a in record.accuracy if a.stage != stage), *accuracy),
            "kernel_resources": (*(k for k in record.kernel_resources if k.stage != stage), *kernel_resources),
        }
    )


def _as_result(parity: Parity) -> Result:
    return Result(
        stage=parity.stage,
        metric=f"mismatches of {parity.tensor}",
        value=parity.mismatches,
        unit=f"of {parity.compared:,}",
        limit=0,
    )
