"""Vivado in batch on an RTL folder: synthesis out of context, and on request placement and routing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from hwflow import record as r
from hwflow.errors import GateFailed, UserError
from hwflow.processes import find_tool, run_tool
from hwflow.synthesis.figures import Figures
from hwflow.synthesis.vivado_reports import read_hierarchy, read_timing, read_utilisation
from hwflow.verify.cosim.manifest import Manifest, read_manifest

TIME_LIMIT_S = 24 * 3600.0


def available() -> bool:
    """Whether Vivado is on the PATH."""
    return shutil.which("vivado") is not None


def synth_vivado(
    rtl: Path, part: str, work: Path, route: bool = False, on_line: Callable[[str], None] | None = None
) -> list[Figures]:
    """Synthesise the folder ``rtl`` for ``part``; with ``route`` also optimise, place and route.

    Args:
        work: an empty folder that takes the script, the log and the reports.

    Returns:
        Figures of the stage vsynth and, with ``route``, post-route.

    Raises ToolMissing, GateFailed if Vivado fails, UserError if a report of it is damaged.
    """
    vivado = find_tool("vivado", "synthesis of the RTL", "Install AMD Vivado and put it on the PATH, or use Yosys.")
    manifest, work = read_manifest(rtl), work.resolve()
    (work / "clock.xdc").write_text(f"create_clock -period {_period(manifest):.3f} -name aclk [get_ports aclk]\n")
    (work / "synth.tcl").write_text(_script(manifest, part, work, route))
    log = work / "vivado.out"
    options = ["-mode", "batch", "-nojournal", "-log", str(work / "vivado.log"), "-source", str(work / "synth.tcl")]
    done = run_tool([str(vivado), *options], rtl, TIME_LIMIT_S, log, on_line)
    if done.returncode != 0:
        raise GateFailed(f"Vivado {done.failure}; see {log}")
    stages: tuple[r.Stage, ...] = ("vsynth", "post-route") if route else ("vsynth",)
    return [_figures(stage, manifest, work) for stage in stages]


def _script(manifest: Manifest, part: str, work: Path, route: bool) -> str:
    """Runs in the RTL folder, where the ROM contents are looked for. The clock is known before synthesis."""
    names = " ".join(_braced(name) for name in manifest.sources)
    lines = [
        f"read_verilog -sv [list {names}]",
        f"read_xdc -mode out_of_context {_braced(work / 'clock.xdc')}",
        f"synth_design -mode out_of_context -flatten_hierarchy rebuilt -top {_braced(manifest.top)} -part {part}",
        *_reports("vsynth", work),
    ]
    if route:
        lines += ["opt_design", "place_design", "phys_opt_design", "route_design", *_reports("post-route", work)]
    return "\n".join([*lines, ""])


def _reports(stage: r.Stage, work: Path) -> list[str]:
    return [
        f"report_utilization -file {_braced(work / f'{stage}_utilisation.rpt')}",
        f"report_utilization -hierarchical -hierarchical_depth 1 -file {_braced(work / f'{stage}_kernels.rpt')}",
        f"report_timing_summary -delay_type max -max_paths 10 -file {_braced(work / f'{stage}_timing.rpt')}",
    ]


def _braced(text: str | Path) -> str:
    """A word for Tcl, in which no other character has a meaning."""
    if re.search(r"[{}\\\n]", str(text)):
        raise UserError(repr(str(text)), "a brace, a backslash or a line end", "a path without", "Move the folder.")
    return f"{{{text}}}"


def _figures(stage: r.Stage, manifest: Manifest, work: Path) -> Figures:
    version, used = read_utilisation(work / f"{stage}_utilisation.rpt")
    kernels = read_hierarchy(work / f"{stage}_kernels.rpt", manifest.kernels)
    slack = read_timing(work / f"{stage}_timing.rpt")
    return Figures(stage, "vivado", version, used, kernels, _timing(stage, slack, _period(manifest)))


def _timing(stage: r.Stage, slack: float | None, period: float) -> tuple[r.Result, ...]:
    """The shortest clock period. Only after routing is it more than an estimate, and a gate."""
    if slack is None:
        return ()
    shortest, gated = round(period - slack, 3), stage == "post-route"
    limit = round(period, 3) if gated else None
    return (r.Result(stage=stage, metric="clock period", value=shortest, unit="ns", limit=limit),)


def _period(manifest: Manifest) -> float:
    return 1000.0 / manifest.clock_mhz
