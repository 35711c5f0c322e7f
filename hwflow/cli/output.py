"""Standard output and standard error: what a terminal cannot show, and readers that go."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from pathlib import Path

from hwflow.errors import UserError


def replace_what_cannot_be_shown() -> None:
    """An ASCII terminal gets a question mark for a micro sign, instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def to_stdout() -> Iterator[None]:
    """What is printed within is written. A reader that has gone, as ``head`` does, changes no exit code.

    Raises UserError if it cannot be written.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere()
    except OSError as error:
        _to_nowhere()
        found = error.strerror or type(error).__name__
        raise UserError("standard output", found, "a place for the answer", "Give another one.") from error


def _to_nowhere() -> None:
    """What is still in the buffer, too: Python writes it at its end."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)


@contextmanager
def all_on_stderr() -> Iterator[None]:
    """Libraries print to standard output, some of them from C: all of it goes to standard error meanwhile."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
