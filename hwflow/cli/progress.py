"""Progress of long work on standard error: a spinner on a terminal, a line per step in a log."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from hwflow.cli.interruption import go_on
from hwflow.text import printable


class Steps:
    """Call it with the name of each step that begins."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = Status("", console=self._console)
        self._step, self._began = "", 0.0

    def __call__(self, step: str) -> None:
        go_on()
        self._finish()
        self._step, self._began = printable(step), time.monotonic()
        self._status.update(Text(self._step))

    def __enter__(self) -> Steps:
        self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._finish()
        self._status.stop()

    def _finish(self) -> None:
        if self._step:
            self._console.print(Text(f"{self._step} ({time.monotonic() - self._began:.1f} s)"))
        self._step = ""
