"""Tools in process groups of their own, which end with their caller however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from hwflow import watchdog

Process = subprocess.Popen[bytes]
_GRACE_S = 3.0  # between TERM and KILL


def start_group(argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None, output: BinaryIO | int) -> Process:
    """Start a tool without a shell or an input; standard output and standard error go to ``output``.

    End it with `end_group`, also when it has ended by itself.
    """
    if isinstance(argv, str):
        raise TypeError("start_group: argv is a list of arguments, not one string")
    _WATCHDOG.be_there()
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        bufsize=0,
    )
    _WATCHDOG.tell("+", process.pid)
    return process


def end_group(process: Process) -> None:
    """End what is left of the group: nothing after a normal end, else politely, then for certain."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    _signal(process, signal.SIGKILL)
    _WATCHDOG.tell("-", process.pid)


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # none left; on macOS, only zombies left
        os.killpg(process.pid, number)


class _Watchdog:
    """One for this process, started with its first tool. Without it (no memory for one) tools run as well."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: Process | None = None
        self._owner = 0

    def be_there(self) -> None:
        """Start it, unless it runs: a forked process has one of its own."""
        with self._lock, suppress(OSError):
            if self._process is None or self._owner != os.getpid():
                self._process, self._owner = self._start(), os.getpid()

    def tell(self, sign: str, group: int) -> None:
        """A group that began (+), or ended (-)."""
        with self._lock, suppress(OSError):
            if self._process and self._process.stdin:
                self._process.stdin.write(f"{sign}{group}\n".encode())

    def _start(self) -> Process:
        """In a session of its own: an interruption at the keyboard is for others."""
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(watchdog.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )


_WATCHDOG = _Watchdog()
