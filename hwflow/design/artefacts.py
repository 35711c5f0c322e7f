"""hls/ and rtl/ of a design against its graph, schedule and board: written again, and their numbers read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwflow import record as r
from hwflow.design import layout
from hwflow.errors import GateFailed
from hwflow.record.evidence import TESTBENCH, group_of
from hwflow.record.folder import files_below, may_be_read
from hwflow.verify.artefacts import ReadBack, differing, read_back

if TYPE_CHECKING:
    from hwflow.design.design import Design

_SHOWN = 5
REMEDY = "they were changed, or another hwflow wrote them; build it again (hwflow build)"


def artefact_results(found: ReadBack) -> list[r.Result]:
    """What the numbers that were read back say, as a gate."""
    return [
        r.Result(stage="artefacts", metric="numbers read back", value=found.numbers),
        r.Result(stage="artefacts", metric="differences from the graph", value=found.differing, limit=0),
    ]


def read_design(design: Design) -> ReadBack:
    """Read the numbers of hls/ and rtl/; an unrolled design is a program, whose numbers are all in its adders."""
    if design.record.style == "unrolled":
        return ReadBack()
    return read_back(design.network, design.schedule, design.path, design.record.io_type == "io_stream")


def check_projects(design: Design, *groups: str) -> None:
    """Write hls/ or rtl/ again and compare every byte, then read its numbers back.

    What passes is what hwflow itself writes for this graph, schedule and board, so it may be compiled and run, wherever
    the folder comes from. Raises GateFailed with the files that differ.
    """
    wrong = [f"{name}/{file}" for name in groups for file in _differing(design, name)]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise GateFailed(
            f"not what is written for this graph and schedule: {', '.join(wrong[:_SHOWN])}{more}; {REMEDY}"
        )
    if found := read_design(design).wrong:
        raise GateFailed(f"{len(found)} differences from the graph: {'; '.join(found[:_SHOWN])}; {REMEDY}")


def _differing(design: Design, name: str) -> list[str]:
    """Files of hls/ or rtl/; the testbench is that of csim, which writes it anew."""
    ours = [file for file in design.record.artefacts if group_of(file) == TESTBENCH]
    bench = {file.removeprefix(f"{name}/") for file in (*ours, "hls/hwflow_top_test.cpp", "hls/testbench_config.h")}
    read = [file for file in files_below(design.path, name) if may_be_read(design.path, file)]
    others = [file.removeprefix(f"{name}/") for file in read]
    return differing(design.path / name, lambda folder: _write(design, name, folder), others, bench)


def _write(design: Design, name: str, folder: Path) -> None:
    network, schedule, build = design.network, design.schedule, design.record
    if build.style == "unrolled":
        from hwflow.backends.unrolled import write_unrolled

        write_unrolled(design.network.at_ports, schedule.clock_mhz, folder)
    elif name == layout.RTL:
        from hwflow.backends.rtl.project import write_rtl

        write_rtl(network, schedule, folder, build.axi_lite)
    else:
        from hwflow.backends.hls.project import write_project

        write_project(network, schedule, design.board, build.io_type, folder)
