"""``hwflow build``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hwflow.cli.reply import Debug, Json, NearExact, command

Clock = Annotated[float | None, typer.Option(min=1, max=1000, help="Clock in MHz; by default that of the board.")]
Latency = Annotated[float | None, typer.Option(help="Largest latency of one inference, in microseconds.")]
Interval = Annotated[int | None, typer.Option(min=1, help="Largest initiation interval, in cycles.")]
IoType = Annotated[
    Literal["io_stream", "io_parallel"], typer.Option(help="io_parallel suits only the smallest models.")
]
Style = Annotated[
    Literal["streaming", "unrolled"],
    typer.Option(help="Of the RTL. unrolled: a frame every cycle, for the smallest models; needs alkaid."),
]
Registers = Annotated[bool, typer.Option("--axi-lite", help="Add registers with identity and counters to the RTL.")]
Data = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Inputs to verify with: .npy, .npz of arrays by input name or of hwflow export."),
]
ByHand = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Folds and FIFO depths by hand: the schedule.json of a build, edited."),
]

Oracle = Annotated[
    int | None,
    typer.Option(min=0, help="Inferences to compare the import with the model file on; after 0, check fails."),
]

Disagreement = Annotated[
    float, typer.Option(min=0, max=1, help="Near-exact: largest share of inferences with another top class.")
]
MeanError = Annotated[float, typer.Option(min=0, help="Near-exact: largest mean error of an output, in its steps.")]


def build(
    model: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="A quantised ONNX model with static shapes.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The build folder.")],
    board: Annotated[str, typer.Option(help="A name from 'hwflow boards', or a TOML file.")] = "vcu118",
    clock: Clock = None,
    latency_budget: Latency = None,
    ii_budget: Interval = None,
    io_type: IoType = "io_stream",
    style: Style = "streaming",
    axi_lite: Registers = False,
    data: Data = None,
    schedule: ByHand = None,
    oracle_vectors: Oracle = None,
    max_disagreement: Disagreement = 0.01,
    max_mean_error: MeanError = 0.5,
    near_exact: NearExact = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Turn a model into a scheduled FPGA design: HLS project, vectors and build record."""
    with command(json, debug) as reply:
        from hwflow.cli.progress import Steps
        from hwflow.cli.record import answer, raise_if_failed

        with Steps() as progress:
            import hwflow

            design = hwflow.convert(
                model,
                output_dir=output,
                board=board,
                clock_mhz=clock,
                latency_budget_us=latency_budget,
                ii_budget=ii_budget,
                io_type=io_type,
                style=style,
                axi_lite=axi_lite,
                mode="near-exact" if near_exact else "exact",
                vectors=data,
                schedule=schedule,
                oracle_vectors=oracle_vectors,
                max_disagreement=max_disagreement,
                max_mean_error=max_mean_error,
                progress=progress,
            )
        answer(reply, design.record)
        raise_if_failed(design.record)
