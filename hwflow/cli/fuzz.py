"""``hwflow fuzz``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hwflow.cli.reply import Debug, Json, command

if TYPE_CHECKING:
    from rich.console import Console

    from hwflow.cli.reply import Reply

Seed = Annotated[int, typer.Option(min=0, max=2**40, help="Of the first graph; the next ones follow it.")]
Count = Annotated[int, typer.Option(min=1, max=10_000_000, help="How many graphs.")]
Rungs = Annotated[
    Literal["import", "oracle", "reference", "csim", "rtl"],
    typer.Option(help="The last rung; csim needs g++, rtl Verilator too."),
]
From = Annotated[
    Literal["onnx", "brevitas", "qkeras"], typer.Option(help="Random ONNX graphs, or models of a framework.")
]
Jobs = Annotated[int, typer.Option(min=0, max=512, help="Child processes at once; 0: one for each core.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Where failures are kept.")]
Reduce = Annotated[
    Path | None, typer.Option("--reduce", metavar="FILE", help="Shrink a failure's folder, or an ONNX file that fails.")
]


def fuzz(
    seed: Seed = 0,
    count: Count = 300,
    rungs: Rungs = "rtl",
    source: From = "onnx",
    jobs: Jobs = 0,
    output: Output = Path("fuzz"),
    reduce: Reduce = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Attack hwflow with random models: each is refused by name, or right at every rung. Exit code 2: one is not."""
    with command(json, debug) as reply:
        if reduce is not None:
            _reduce(reply, reduce, rungs)
        else:
            _run(reply, range(seed, seed + count), rungs, source, jobs, output)


def _run(reply: Reply, seeds: range, rungs: Rungs, source: From, jobs: int, output: Path) -> None:
    import os

    from hwflow.cli.progress import Steps
    from hwflow.errors import GateFailed
    from hwflow.fuzz.run import fuzz as run
    from hwflow.fuzz.summary import Summary

    said = [0]
    with Steps() as steps:

        def progress(summary: Summary) -> None:
            if summary.done // 100 > said[0] or summary.done == summary.wanted:
                said[0] = summary.done // 100
                steps(f"{summary.done} of {summary.wanted} graphs, {summary.failures} faults")

        summary = run(seeds, rungs, jobs or os.cpu_count() or 1, output, progress, source)

    def show(console: Console) -> None:
        console.print(summary.table())
        for (rung, kind), names in summary.faults.items():
            kept = summary.kept.get(names[0], names[0])
            console.print(
                f"{len(names)} x {rung}: {kind}\n    {kept}: {summary.messages[names[0]][:300]}", markup=False
            )

    reply(summary.document(), show)
    if summary.faults:
        raise GateFailed(f"fuzz: {summary.failures} of {summary.done} graphs are faults, kept in {output}")


def _reduce(reply: Reply, path: Path, rungs: Rungs) -> None:
    from hwflow.cli.progress import Steps
    from hwflow.errors import GateFailed
    from hwflow.fuzz.reduce import reduce_file

    with Steps() as steps:
        reduced = reduce_file(path, rungs, steps)
    nodes = ", ".join(reduced.nodes)

    def show(console: Console) -> None:
        console.print(f"{len(reduced.nodes)} nodes ({nodes}) in {reduced.folder}", markup=False)

    reply({"folder": str(reduced.folder), "nodes": list(reduced.nodes), "fault": str(reduced.fault)}, show)
    raise GateFailed(f"fuzz: {reduced.fault}")
