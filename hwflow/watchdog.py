"""Ends process groups when the process that started them has gone, even killed: ``python watchdog.py``.

A program of its own, standard library only. Its input has a line "+GROUP" for each that began, "-GROUP" for each that
ended; that it closes says that the writer has gone. A parent-death signal (prctl) would reach the first process of a
group alone, which for g++ is only the driver of what compiles.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress


def main(lines: Iterable[str]) -> None:
    """Follow ``lines`` to their end, and kill the groups that are left."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.stdin)
