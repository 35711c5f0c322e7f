"""``hwflow report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE.html", help="By default report.html in the build folder.")
]


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    output: Output = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the build record as one HTML file that needs no network; exit with 2 if a file is not as it says."""
    with command(json, debug) as reply:
        from hwflow.record import FILE, check_files, load
        from hwflow.report import write_report

        record = load(folder / FILE)
        check_files(folder, record)
        path = write_report(record, output or folder / "report.html")
        reply({"report": str(path)}, lambda console: console.print(str(path), markup=False, soft_wrap=True))
