"""The figures of a report, put together from a build record. Every one names its stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from hwflow.errors import GateFailed
from hwflow.record import Accuracy, BuildRecord, KernelResources, Parity, Result, Stage, failed, gate, gated, measured
from hwflow.record.model import amount

RESOURCES = {"lut": "LUT", "ff": "Flip-flops", "dsp": "DSP", "bram18": "Block RAM (18 Kb)", "uram": "UltraRAM"}
_ORDER = {stage: place for place, stage in enumerate(get_args(Stage))}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the gates hold, and why not."""

    word: Literal["pass", "fail", "open"]
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure: its name, its value, and a note that says where it comes from."""

    name: str
    value: str
    note: str


def verdict(record: BuildRecord) -> Verdict:
    """The outcome of `hwflow.record.gate`: ``open`` if it fails only because the design was not run yet."""
    try:
        gate(record)
    except GateFailed as error:
        if failed(record) or measured(record):
            return Verdict("fail", "Not all gates hold", str(error))
        return Verdict("open", "Not verified yet", str(error))
    return Verdict("pass", "All gates hold", f"{len(gated(record))} of {len(gated(record))} hold.")


def by_stage(results: tuple[Result, ...]) -> list[Result]:
    """Results in the order of the flow, those of one stage as they were recorded."""
    return sorted(results, key=lambda result: _ORDER[result.stage])


def auc_table(record: BuildRecord) -> dict[str, list[float | None]]:
    """Class to its AUC in each entry of ``record.accuracy``; None where a stage has none."""
    classes = dict.fromkeys(name for entry in record.accuracy for name in entry.auc)
    return {name: [entry.auc.get(name) for entry in record.accuracy] for name in classes}


def parity_totals(record: BuildRecord) -> list[Parity]:
    """Each stage's tensors together."""
    stages = dict.fromkeys(p.stage for p in record.parity)
    parts = {stage: [p for p in record.parity if p.stage == stage] for stage in stages}
    return [
        Parity(
            tensor=f"{len(group)} tensors",
            stage=stage,
            compared=sum(p.compared for p in group),
            mismatches=sum(p.mismatches for p in group),
        )
        for stage, group in parts.items()
    ]


def tiles(record: BuildRecord) -> list[Tile]:
    """The headline figures that the record has."""
    return [*_parity_tiles(record), *_schedule_tiles(record), *_accuracy_tiles(record)]


def _parity_tiles(record: BuildRecord) -> list[Tile]:
    return [
        Tile(
            "Wrong values",
            amount(p.mismatches),
            f"of {amount(p.compared)} in {p.tensor}, {p.stage} against golden.onnx",
        )
        for p in parity_totals(record)[-1:]
    ]


def _schedule_tiles(record: BuildRecord) -> list[Tile]:
    totals, clock = record.totals, record.clock_mhz
    if totals is None:
        return []
    share, kind = max(_shares(record))
    return [
        _cycles_tile("Latency", *(_measured(record, "latency") or (totals.latency_cycles, "estimate")), clock),
        _cycles_tile(
            "Initiation interval", *(_measured(record, "initiation interval") or (totals.ii_cycles, "estimate")), clock
        ),
        Tile("Tightest resource", f"{100 * share:.3g} %", f"of the usable {kind}, estimate"),
    ]


def _cycles_tile(name: str, cycles: int, stage: str, clock_mhz: float) -> Tile:
    return Tile(name, f"{cycles / clock_mhz:.3g} µs", f"{amount(cycles)} cycles, {stage}")


def _measured(record: BuildRecord, metric: str) -> tuple[int, str] | None:
    """What co-simulation found."""
    found = [r for r in record.results if r.stage == "cosim" and r.metric == metric]
    return (int(found[0].value), "cosim") if found else None


def synthesised(record: BuildRecord) -> dict[Stage, list[KernelResources]]:
    """Stage -> its kernels, what lies outside of all of them last."""
    stages = dict.fromkeys(each.stage for each in record.kernel_resources)
    return {
        stage: sorted((k for k in record.kernel_resources if k.stage == stage), key=lambda k: k.kernel is None)
        for stage in stages
    }


def _shares(record: BuildRecord) -> list[tuple[float, str]]:
    used = record.totals.resources if record.totals else record.board.usable
    pairs = [(getattr(used, kind), getattr(record.board.usable, kind), name) for kind, name in RESOURCES.items()]
    return [(use / usable if usable else float(use > 0), name) for use, usable, name in pairs]


def _accuracy_tiles(record: BuildRecord) -> list[Tile]:
    latest = sorted(record.accuracy, key=lambda entry: _ORDER[entry.stage])[-1:]
    name = score_name(record)
    return [Tile(name, f"{100 * score(a):.2f} %", f"{a.stage}, {amount(a.samples)} samples") for a in latest]


def score_name(record: BuildRecord) -> str:
    """What `score` is."""
    return "Accuracy" if any(a.token_error_rate is None for a in record.accuracy) else "Token error rate"


def score(entry: Accuracy) -> float:
    """What a model of its kind is judged by: the token error rate of transcripts, else the accuracy."""
    return entry.accuracy if entry.token_error_rate is None else entry.token_error_rate
