"""Ctrl-C and the end that a system asks for, kept in mind.

A library that is being imported can turn the exception into one of its own, or lose it: whether there was an
interruption is asked of this module, not of the exception.
"""

from __future__ import annotations

import signal
from typing import NoReturn

_happened = False


def catch_interruptions() -> None:
    """Note Ctrl-C, and end as an exception when asked to, so that tools which hwflow started are ended too."""
    global _happened
    _happened = False
    signal.signal(signal.SIGTERM, _terminated)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell has it ignored
        signal.signal(signal.SIGINT, _interrupted)


def interrupted() -> bool:
    """Whether there was a Ctrl-C since."""
    return _happened


def go_on() -> None:
    """Raise KeyboardInterrupt after one that was lost."""
    if _happened:
        raise KeyboardInterrupt


def _interrupted(number: int, frame: object) -> NoReturn:
    global _happened
    _happened = True
    raise KeyboardInterrupt


def _terminated(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)
