"""``hwflow synth``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command


class Tool(StrEnum):
    """Who synthesises. ``auto``: AMD's tools where they are on the PATH, else Yosys."""

    auto = "auto"
    vitis = "vitis"
    vivado = "vivado"
    yosys = "yosys"


Choice = Annotated[Tool, typer.Option(help="vitis (the HLS), vivado or yosys (the RTL); auto: what there is of them.")]
Route = Annotated[bool, typer.Option("--route", help="Have Vivado place and route as well.")]


def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    tool: Choice = Tool.auto,
    route: Route = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Synthesise the design: LUT, FF, DSP, BRAM and URAM by kernel, against what is usable of the board."""
    with command(json, debug) as reply:
        from hwflow.cli.progress import Steps
        from hwflow.cli.record import answer, raise_if_failed
        from hwflow.design import Design
        from hwflow.synthesis.table import resource_table

        design = Design.load(folder)
        with Steps() as progress:
            found = design.synth(tool.value, route, progress)
        tables = [resource_table(figures, design.board) for figures in found]
        reply({}, lambda console: console.print(*tables))
        answer(reply, design.record)
        for figures in found:
            figures.check_fit(design.board)
        raise_if_failed(design.record)
