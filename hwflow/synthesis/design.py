"""A whole RTL folder through Yosys: every kernel in a run of its own, what wires them in one more; then its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hwflow.schedule.resources import Resources
from hwflow.synthesis.figures import Figures
from hwflow.synthesis.tool import find_yosys
from hwflow.synthesis.yosys import Module, Say, synth_modules
from hwflow.timing.design import clock_results
from hwflow.verify.cosim.manifest import read_manifest


def synth_design(rtl: Path, weights: Mapping[str, int] | None = None, say: Say = lambda _: None) -> Figures:
    """Resources of the design in the folder ``rtl``, by kernel, and the clock by the open timing estimate.

    Args:
        weights: kernel -> how big it may be, in any unit; the biggest is started first.
        say: told of each kernel that is done.

    Raises UserError for a damaged folder, ToolMissing without Yosys, GateFailed for a kernel that it refuses.
    """
    manifest, tool = read_manifest(rtl), find_yosys()
    guess = weights or {name: (rtl / f"{name}.sv").stat().st_size for name in manifest.kernels}
    modules = [Module(name, weight=guess.get(name, 0)) for name in manifest.kernels]
    modules.append(Module(manifest.top, black_boxes=manifest.kernels))
    found = synth_modules(rtl, manifest.sources, modules, say)
    kernels: dict[str | None, Resources] = {name: found[name].resources for name in manifest.kernels}
    kernels[None] = found[manifest.top].resources
    say("timing of the netlists")
    clock = clock_results({name: each.netlist for name, each in found.items()}, manifest.top, manifest.clock_mhz)
    return replace(Figures.by_kernel("yosys", tool.name, tool.version, kernels), results=clock)
