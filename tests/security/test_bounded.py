"""A child process with bounds of memory and time (threat 4): what it does cannot hurt its parent."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from hwflow.bounded import run_in_child
from hwflow.errors import UserError

MIB = 1 << 20


def test_what_it_returns_comes_back() -> None:
    found = run_in_child(lambda: np.arange(1 << 20), "numbers")
    assert np.array_equal(found, np.arange(1 << 20))
    assert run_in_child(os.getpid, "a process") != os.getpid()


def test_its_refusal_comes_back_whole() -> None:
    def refuse() -> NoReturn:
        raise UserError("a", "b", "c", "d")

    with pytest.raises(UserError, match=r"^a: found b; expected c\. d$"):
        run_in_child(refuse, "other")


def test_memory_is_bounded() -> None:
    with pytest.raises(UserError, match=r"^model: found over 0\.0625 GB of memory; expected at most 0\.0625 GB\. Use"):
        run_in_child(lambda: bytes(100 * MIB), "model", memory_bytes=64 * MIB)
    assert len(run_in_child(lambda: bytes(30 * MIB), "model", memory_bytes=128 * MIB)) == 30 * MIB


def test_time_is_bounded() -> None:
    def spin() -> None:
        while True:
            pass

    with pytest.raises(UserError, match=r"^model: found over 1 s of computing; expected at most 1 s\. Use"):
        run_in_child(spin, "model", seconds=1)


@pytest.mark.parametrize(("number", "said"), [(signal.SIGSEGV, "ended by SIGSEGV"), (signal.SIGABRT, "SIGABRT")])
def test_a_crash_of_a_library_is_the_models_fault(number: signal.Signals, said: str) -> None:
    with pytest.raises(UserError, match=f"what cannot be computed .*{said}"):
        run_in_child(lambda: os.kill(os.getpid(), number), "model")


def test_an_exception_is_named() -> None:
    with pytest.raises(UserError, match=r"what cannot be computed \(ZeroDivisionError: integer division"):
        run_in_child(lambda: 1 // 0, "model")


def test_nothing_is_left_open_or_running() -> None:
    before = sorted(path.name for path in Path("/proc/self/fd").iterdir())
    for _ in range(3):
        run_in_child(lambda: None, "nothing")
    assert sorted(path.name for path in Path("/proc/self/fd").iterdir()) == before
    with suppress(ChildProcessError):  # no child, or none that has ended
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)
