"""``hwflow check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command

JUnit = Annotated[Path | None, typer.Option(metavar="FILE.xml", help="Also write the gates as JUnit XML.")]


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    junit: JUnit = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the build record; exit with 2 if a gate failed, or if the design itself has not been run."""
    with command(json, debug) as reply:
        from hwflow.cli.record import answer
        from hwflow.record import FILE, gate, load, write_junit

        record = load(folder / FILE)
        answer(reply, record)
        if junit:
            write_junit(record, junit)
        gate(record)
