"""``hwflow check``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command
from hwflow.errors import HwflowError

JUnit = Annotated[Path | None, typer.Option(metavar="FILE.xml", help="Also write the gates as JUnit XML.")]


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A build folder.")],
    junit: JUnit = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the build record; exit with 2 if a gate failed, a file is not what it was, or the design was not run."""
    with command(json, debug) as reply:
        from hwflow.cli.progress import Steps
        from hwflow.cli.record import answer
        from hwflow.record import FILE, check_files, gate, load, write_junit

        with _refusal_in(junit, folder):
            record = load(folder / FILE)
            check_files(folder, record)
        answer(reply, record)
        if junit:
            write_junit(record, junit)
        gate(record)
        with _refusal_in(junit, folder), Steps() as progress:
            from hwflow.design import Design

            Design.load(folder).check_artefacts(progress)


@contextmanager
def _refusal_in(junit: Path | None, folder: Path) -> Iterator[None]:
    """What is no record, or not that of the files, is a failure in the JUnit file too, in the place of an old one."""
    from hwflow.files import write_atomic
    from hwflow.record import refused_xml

    try:
        yield
    except HwflowError as error:
        if junit:
            write_atomic(junit, refused_xml(folder.name, str(error)))
        raise
