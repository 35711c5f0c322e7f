"""``hwflow csim``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command

Vectors = Annotated[int, typer.Option(min=1, max=10_000_000, help="How many inferences to compare.")]


def csim(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    vectors: Vectors = 1000,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compile the HLS project with g++ and compare every output bit with onnxruntime."""
    with command(json, debug) as reply:
        from hwflow.cli.progress import Steps
        from hwflow.cli.record import answer
        from hwflow.design import Design
        from hwflow.record import gate

        design = Design.load(folder)
        with Steps() as progress:
            progress(f"csim of {vectors} vectors")
            design.csim(count=vectors)
        answer(reply, design.record)
        gate(design.record)
