"""The clock of a whole design by the open estimate: results for the build record, one of them a gate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from hwflow import record as r
from hwflow.record.limits import clock_period_ps
from hwflow.timing.analyse import analyse
from hwflow.timing.delays import load_delays
from hwflow.timing.report import NetCase, TimingReport

_GLUE = "the wiring between the kernels"


def clock_results(netlists: Mapping[str, Path], top: str, clock_mhz: float) -> tuple[r.Result, ...]:
    """The shortest clock periods that the mapped kernels keep, in ps.

    Args:
        netlists: module -> JSON of Yosys; ``top`` is what wires the others, which are black boxes in it.

    Returns:
        For each assumed delay of a routed net the worst of all kernels, with its path; a gate with the delay that
        pipelines are built for. Then, with that delay, the worst path of each kernel.

    Raises UserError for a netlist that cannot be analysed.
    """
    reports = {
        name: analyse(path, clock_mhz, paths=1, black_boxes=_boxes(netlists, name, top))
        for name, path in netlists.items()
    }
    return (*_worst(reports, top, clock_mhz), *_each(reports, top))


def _boxes(netlists: Mapping[str, Path], name: str, top: str) -> Collection[str]:
    return netlists.keys() - {top} if name == top else ()


def _worst(reports: Mapping[str, TimingReport], top: str, clock_mhz: float) -> Iterator[r.Result]:
    net = load_delays().net
    for ps in net.band:
        name = max(reports, key=lambda each: reports[each].case(ps).delay_ps)
        case = reports[name].case(ps)
        gated = ps == net.typical
        limit = clock_period_ps(clock_mhz) if gated else None
        where = f"ps in {_name(name, top)}, {_path(case)}"
        yield r.Result(stage="yosys", metric=_metric(ps), value=case.delay_ps, unit=where, limit=limit)


def _each(reports: Mapping[str, TimingReport], top: str) -> Iterator[r.Result]:
    ps = load_delays().net.typical
    for name, report in reports.items():
        metric = f"{_metric(ps)}: {_name(name, top)}"
        case = report.case(ps)
        yield r.Result(stage="yosys", metric=metric, value=case.delay_ps, unit=f"ps, {_path(case)}")


def _metric(net_ps: int) -> str:
    return f"clock period, open estimate, {net_ps} ps a net"


def _name(module: str, top: str) -> str:
    return _GLUE if module == top else module


def _path(case: NetCase) -> str:
    return f"{case.paths[0].start} -> {case.paths[0].end}" if case.paths else "no register"
