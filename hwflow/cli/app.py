"""The application: its commands, and the way in."""

from __future__ import annotations

from typing import Annotated

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
from hwflow.cli.output import replace_what_cannot_be_shown
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


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    replace_what_cannot_be_shown()
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="hwflow", standalone_mode=False)
    except typer.TyperException as error:  # wrong usage
        return send_failure(Failure("UsageError", error.format_message(), 1), "--json" in arguments)
    except typer.Abort:  # what typer makes of Ctrl-C
        raise KeyboardInterrupt from None
    return int(code or 0)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(hwflow.__version__)
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")]


@app.callback()
def _global(version: Version = False) -> None:
    """Quantization-aware transformers to FPGA designs that equal onnxruntime bit for bit."""
