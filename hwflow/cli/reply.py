"""How every command answers: one JSON document, or text for people, on standard output; all else on standard error."""

from __future__ import annotations

import json
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwflow.cli.failure import Failure, failure_of
from hwflow.cli.interruption import interrupted
from hwflow.cli.output import all_on_stderr, to_stdout
from hwflow.errors import UserError
from hwflow.text import printable

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Print a traceback when something fails.")]
NearExact = Annotated[bool, typer.Option("--near-exact", help="Accept float Softmax, LayerNorm and arbitrary scales.")]


class Reply:
    """What a command has to say. Call it before a gate may fail, with the document and its form for people.

    What is said later is added to the document, and shown below.
    """

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.shows: list[Callable[[Console], None]] = []

    def __call__(self, document: Mapping[str, Any], show: Callable[[Console], None]) -> None:
        self.document |= document
        self.shows.append(show)


@contextmanager
def command(as_json: bool, debug: bool) -> Iterator[Reply]:
    """The body of a command: sends its reply, or its failure, or both, and exits with the failure's code."""
    reply, failure = Reply(), None
    try:
        with all_on_stderr():
            yield reply
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            traceback.print_exc()
        failure = failure_of(KeyboardInterrupt() if interrupted() else error)
    try:
        with to_stdout():
            if not as_json:
                _show(reply)
            elif failure is None:
                _print_json(reply.document)
    except UserError as error:  # standard output is no place for it
        failure, as_json = failure or failure_of(error), False
    if failure:
        raise typer.Exit(send_failure(failure, as_json, reply.document))


def send_failure(failure: Failure, as_json: bool, document: Mapping[str, Any] | None = None) -> int:
    """Print a failure, in JSON together with ``document``; returns its exit code."""
    if as_json:
        with suppress(UserError), to_stdout():
            _print_json({**(document or {}), **failure.document()})
    else:
        lines = (printable(line) for line in failure.message.splitlines())
        print("hwflow:", "\n".join(lines), file=sys.stderr)
    return failure.exit_code


def _show(reply: Reply) -> None:
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Not rich's exit with 1."""
            raise BrokenPipeError

    console = Plain(highlight=False)
    for show in reply.shows:
        show(console)


def _print_json(document: Mapping[str, Any]) -> None:
    print(json.dumps(_finite(document), indent=1, allow_nan=False))


def _finite(value: Any) -> Any:
    """JSON knows no NaN and no infinity: they become null."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
