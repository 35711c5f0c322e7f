"""The reports of Vitis HLS (and Vivado HLS before it): synthesis as XML, cosimulation as a table.

Format: csynth.xml of versions 2020.1 and 2023.2; the names of its elements are those that both have.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwflow import record as r
from hwflow.schedule.resources import Resources, total
from hwflow.synthesis.figures import Figures
from hwflow.synthesis.report_file import damaged, read_text, read_xml, rows

_KIND = "the synthesis report of Vitis HLS"
_COSIM = "the cosimulation report of Vitis HLS"
_COUNTS = {"lut": ("LUT",), "ff": ("FF",), "dsp": ("DSP", "DSP48E"), "bram18": ("BRAM_18K",), "uram": ("URAM",)}


@dataclass(frozen=True, slots=True)
class Cosimulation:
    """What cosimulation measured, in cycles (least, most). None where it says NA: that is no measurement."""

    passed: bool
    latency: tuple[int, int] | None
    interval: tuple[int, int] | None


def csynth_figures(path: Path, kernels: Sequence[str] = ()) -> Figures:
    """Figures of the stage csynth.

    Args:
        kernels: names to look for among the modules; the figures are by kernel if each is found once.

    Raises UserError for a report that is damaged.
    """
    profile = read_xml(path, _KIND)
    whole = _resources(path, profile)
    parts = _by_kernel(path, profile, kernels)
    if parts:
        inside = total(parts.values())
        rest = {kind: max(0, count - inside.as_dict()[kind]) for kind, count in whole.as_dict().items()}
        parts = {**parts, None: Resources(**rest)}
    version = profile.findtext("ReportVersion/Version", "").strip()
    return Figures("csynth", "vitis_hls", version, whole, parts, _performance(profile))


def read_cosim(path: Path) -> Cosimulation:
    """The row of the cosimulation report whose status is not NA. Raises UserError if there is none."""
    for cells in rows(read_text(path, _COSIM)):
        if len(cells) == 9 and cells[0] in ("VHDL", "Verilog", "SystemVerilog") and cells[1] != "NA":
            return Cosimulation(cells[1] == "Pass", _range(cells[2], cells[4]), _range(cells[5], cells[7]))
    raise damaged(path, "no row of a simulated language", _COSIM)


def cosim_results(measured: Cosimulation, latency: int | None = None, ii: int | None = None) -> list[r.Result]:
    """Results of the stage hls-cosim: the verdict, and latency and interval if they were measured.

    Args:
        latency, ii: budgets in cycles.
    """
    verdict = r.Result(stage="hls-cosim", metric="failures", value=int(not measured.passed), limit=0)
    figures = (("latency", measured.latency, latency), ("initiation interval", measured.interval, ii))
    return [verdict, *(_cycles("hls-cosim", name, value[1], limit) for name, value, limit in figures if value)]


def _performance(profile: ET.Element) -> tuple[r.Result, ...]:
    """Latency, interval and period as the tool expects them; a figure that it does not know is left out."""
    base = "PerformanceEstimates"
    latency = profile.findtext(f"{base}/SummaryOfOverallLatency/Worst-caseLatency", "").strip()
    interval = profile.findtext(f"{base}/SummaryOfOverallLatency/Interval-max", "").strip()
    period = profile.findtext(f"{base}/SummaryOfTimingAnalysis/EstimatedClockPeriod", "").strip()
    pairs = (("latency", latency), ("initiation interval", interval))
    results = [_cycles("csynth", name, int(text)) for name, text in pairs if text.isdecimal()]
    if re.fullmatch(r"\d+(\.\d+)?", period):
        results.append(r.Result(stage="csynth", metric="clock period", value=float(period), unit="ns"))
    return tuple(results)


def _cycles(stage: r.Stage, metric: str, value: int, limit: int | None = None) -> r.Result:
    return r.Result(stage=stage, metric=metric, value=value, unit="cycles", limit=limit)


def _by_kernel(path: Path, profile: ET.Element, kernels: Sequence[str]) -> dict[str | None, Resources]:
    modules = [(module.findtext("Name", ""), module) for module in profile.iterfind("ModuleInformation/Module")]
    found: dict[str | None, Resources] = {}
    for kernel in kernels:
        mine = [module for name, module in modules if re.search(rf"(^|_){re.escape(kernel)}_config(_|$)", name)]
        if len(mine) != 1:
            return {}
        found[kernel] = _resources(path, mine[0])
    return found


def _resources(path: Path, element: ET.Element) -> Resources:
    counts = {kind: _count(path, element, names) for kind, names in _COUNTS.items()}
    return Resources(**counts)


def _count(path: Path, element: ET.Element, names: Sequence[str]) -> int:
    for name in names:
        text = element.findtext(f"AreaEstimates/Resources/{name}", "").strip()
        if text.isdecimal():
            return int(text)
    raise damaged(path, f"no count of {names[0]}", _KIND)


def _range(least: str, most: str) -> tuple[int, int] | None:
    return (int(least), int(most)) if least.isdecimal() and most.isdecimal() else None
