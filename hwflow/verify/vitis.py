"""Vitis HLS in batch on a build's project: the same testbench as csim, so its exit code is the verdict."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hwflow.errors import GateFailed, ToolMissing
from hwflow.processes import run_tool

TIME_LIMIT_S = 24 * 3600.0
_OPTIONS = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")


def find_vitis() -> list[str]:
    """The command that runs ``build_prj.tcl``: vitis-run (2024.1 and later) or vitis_hls. Raises ToolMissing."""
    if found := shutil.which("vitis-run"):
        return [found, "--mode", "hls", "--tcl", "build_prj.tcl"]
    if found := shutil.which("vitis_hls"):
        return [found, "-f", "build_prj.tcl"]
    raise ToolMissing("vitis-run", "HLS synthesis and cosimulation", "Install AMD Vitis and put it on the PATH.")


def run_vitis(project: Path, steps: set[str], on_line: Callable[[str], None] | None = None) -> None:
    """Run ``steps`` (synth, cosim, vsynth) of the project that hls4ml wrote.

    Raises ToolMissing without Vitis, and GateFailed when it ends with an error: cosimulation does so on a wrong bit.
    """
    command = find_vitis()
    chosen = steps | {"reset", "synth"}  # a project that was reset has nothing to simulate before synthesis
    chosen |= {"validation"} if "cosim" in steps else set()
    rows = "\n".join(f"    {option} {int(option in chosen)}" for option in _OPTIONS)
    (project / "build_opt.tcl").write_text(f"array set opt {{\n{rows}\n}}\n")
    log = project / "vitis.log"
    done = run_tool(command, project, TIME_LIMIT_S, log, on_line)
    if done.returncode != 0:
        raise GateFailed(f"Vitis HLS {done.failure}; see {log}")
