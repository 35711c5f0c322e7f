"""``hwflow cosim``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hwflow.cli.reply import Debug, Json, command

if TYPE_CHECKING:
    from rich.console import Console

Frames = Annotated[int, typer.Option(min=10, max=1_000_000, help="Frames sent back to back in each run.")]
Mode = Annotated[
    Literal["nominal", "stalls", "reset", "all"],
    typer.Option(help="No pauses; random pauses at both ends; resets in mid-frame; or all of them."),
]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the pauses and resets.")]
Streams = Annotated[bool, typer.Option("--streams", help="Compare the stream of every kernel too.")]


def cosim(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    frames: Frames = 100,
    mode: Mode = "all",
    seed: Seed = 2026,
    streams: Streams = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Simulate the RTL with Verilator: compare every output bit with onnxruntime, measure latency and interval."""
    with command(json, debug) as reply:
        from hwflow.cli.progress import Steps
        from hwflow.cli.record import answer
        from hwflow.design import Design
        from hwflow.record import gate
        from hwflow.verify.cosim import MODES
        from hwflow.verify.cosim.report import document, stall_table

        design = Design.load(folder)
        with Steps() as progress:
            result = design.cosim(frames, MODES if mode == "all" else (mode,), seed, streams, progress)
        answer(reply, design.record)

        def show(console: Console) -> None:
            if result.nominal and result.nominal.kernels:  # an unrolled design has none
                console.print(stall_table(result.nominal))

        reply({"cosim": document(result)}, show)
        result.check()
        gate(design.record)
