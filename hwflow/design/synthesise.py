"""The synthesis step of a design: resources by kernel against the board, from Yosys or from AMD's tools."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from hwflow import record as r
from hwflow.backends.hls.project import TOP
from hwflow.design import layout
from hwflow.errors import ToolMissing, UserError
from hwflow.record.evidence import TESTBENCH
from hwflow.synthesis import vivado
from hwflow.synthesis.design import synth_design
from hwflow.synthesis.figures import Figures
from hwflow.synthesis.vitis import cosim_results, csynth_figures, read_cosim
from hwflow.verify.vitis import find_vitis, run_vitis

if TYPE_CHECKING:
    from hwflow.design.design import Design

Tool = Literal["auto", "vitis", "vivado", "yosys"]
VIVADO: Final = "vivado"


def synthesise(
    design: Design, tool: Tool = "auto", route: bool = False, progress: Callable[[str], None] | None = None
) -> list[Figures]:
    """Synthesise the design; the record, with the figures as gates against the board, is saved.

    Args:
        tool: vitis (the HLS project), vivado (the RTL, out of context), yosys (the RTL), or what there is of them.
        route: have Vivado place and route as well; only it can.

    Returns:
        What each tool and stage says; whether it fits the board is for `Figures.check_fit`.

    Raises:
        ToolMissing: the tool is not there.
        GateFailed: it refused the design.
        UserError: a report is damaged, or a file of the design; a route is asked of another tool.
    """
    if route and tool not in ("auto", VIVADO):
        raise UserError("route", f"the tool {tool}", "vivado, which alone places and routes", "Leave one of them out.")
    say = progress or (lambda _: None)
    found: list[Figures] = []
    for name in _chosen(design, VIVADO if tool == "auto" and route else tool):
        figures = _run(design, name, route, say)
        for each in figures:
            design.save(each.recorded(design.record, design.board))
        found += figures
    return found


def _chosen(design: Design, tool: Tool) -> list[Tool]:
    """``auto`` in terms of what is on the PATH: all of AMD's tools that are there for this design, else Yosys."""
    if tool != "auto":
        return [tool]
    there: list[Tool] = ["vitis"] if design.has_hls and _has_vitis() else []
    return [*there, "vivado"] if design.has_rtl and vivado.available() else there or ["yosys"]


def _run(design: Design, tool: Tool, route: bool, say: Callable[[str], None]) -> list[Figures]:
    if tool == "vitis":
        design.check_hls("tool vitis")
        say("synthesis by Vitis HLS")
        return [run_hls(design, {"synth"})]
    design.check_rtl(f"tool {tool}")
    design.verify(layout.RTL)
    if tool == "vivado":
        say("synthesis by Vivado")
        work = design.path / VIVADO  # not staged: after a failure its log is wanted
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        return vivado.synth_vivado(design.path / layout.RTL, design.board.part, work, route)
    weights = {kernel.name: kernel.resources.lut for kernel in design.record.kernels}
    return [synth_design(design.path / layout.RTL, weights, say)]


def run_hls(design: Design, steps: set[str]) -> Figures:
    """Run ``steps`` (synth, cosim, vsynth) of the HLS project; what cosimulation measured is in the record then.

    Returns what synthesis says, which comes before every other step. Raises as `synthesise`.
    """
    design.verify(layout.HLS, TESTBENCH)
    solution = design.path / layout.HLS / f"{TOP}_prj" / "solution1"
    for step in ("syn", "sim"):
        shutil.rmtree(solution / step / "report", ignore_errors=True)  # those of an earlier run
    run_vitis(design.path / layout.HLS, steps)
    if "cosim" in steps:
        budgets = design.record.budgets
        measured = read_cosim(solution / "sim" / "report" / f"{TOP}_cosim.rpt")
        limits = budgets.latency_cycles(design.record.clock_mhz), budgets.ii_cycles
        design.save(r.with_stage(design.record, "hls-cosim", cosim_results(measured, *limits)))
    return csynth_figures(solution / "syn" / "report" / "csynth.xml", [kernel.name for kernel in design.record.kernels])


def _has_vitis() -> bool:
    try:
        find_vitis()
    except ToolMissing:
        return False
    return True
