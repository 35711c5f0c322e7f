"""The application: its commands, and the way in."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

import hwflow
from hwflow.cli.boards import boards
from hwflow.cli.build import build
from hwflow.cli.check import check
from hwflow.cli.cosim import cosim
from hwflow.cli.csim import csim
from hwflow.cli.doctor import doctor
from hwflow.cli.export import export
from hwflow.cli.failure import Failure
from hwflow.cli.fuzz import fuzz
from hwflow.cli.inspect import inspect
from hwflow.cli.reply import send_failure
from hwflow.cli.report import report
from hwflow.cli.synth import synth
from hwflow.cli.train import train

app = typer.Typer(
    name="hwflow",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 1 user error, 2 a gate failed, 3 a tool is missing, 4 internal error, 130 interrupted.",
)
for _command in (train, export, inspect, build, csim, cosim, synth, check, report, fuzz, boards, doctor):
    app.command()(_command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; ``argv`` defaults to that of the process. Returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="hwflow", standalone_mode=False)
    except typer.TyperException as error:  # wrong usage
        return send_failure(Failure("UsageError", error.format_message(), 1), "--json" in arguments)
    return int(code or 0)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(hwflow.__version__)
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")]


@app.callback()
def _global(version: Version = False) -> None:
    """Quantization-aware transformers to FPGA designs that equal onnxruntime bit for bit."""


def _terminated(number: int, _frame: object) -> NoReturn:
    """End as an exception, so that tools which hwflow started are ended too."""
    raise SystemExit(128 + number)
