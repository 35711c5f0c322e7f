"""Work on a stranger's data in a child process with bounds of memory and time, for libraries that know none.

The child is a fork: it starts in milliseconds with all that is imported, and leaves nothing behind when it is ended.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import resource
import selectors
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from hwflow.errors import UserError
from hwflow.limits import LIMITS

T = TypeVar("T")
_PR_SET_PDEATHSIG = 1
_PATIENCE = 10.0  # times the time it may compute, for a machine with much else to do


def run_in_child(
    function: Callable[[], T],
    subject: str,
    memory_bytes: int = LIMITS.child_bytes,
    seconds: float = LIMITS.child_seconds,
) -> T:
    """What ``function`` returns, which pickle can write, or the UserError that it raises.

    Args:
        memory_bytes: how much it may ask for, beyond what this process has.
        seconds: of computing, on one core.

    Raises UserError, which names ``subject``, if it needs more, or if it ends otherwise.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _compute(function, writer, memory_bytes, seconds)
    os.close(writer)
    try:
        answer = _read(reader, time.monotonic() + _PATIENCE * seconds)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    kind, content = _opened(answer)
    if kind == "result":
        return content  # type: ignore[no-any-return]
    if kind == "refused":
        raise UserError(*content)
    raise _refused(subject, kind == "memory", status, memory_bytes, seconds, str(content or ""))


def _compute(function: Callable[[], object], writer: int, memory_bytes: int, seconds: float) -> NoReturn:
    """In the child. It never returns: what the parent would do at its end is not for the child."""
    try:
        _bound(memory_bytes, seconds)
        try:
            answer: tuple[str, Any] = ("result", function())
        except UserError as error:
            answer = ("refused", (error.subject, error.found, error.expected, error.remedy))
        except MemoryError:
            answer = ("memory", None)
        except Exception as error:
            answer = ("error", f"{type(error).__name__}: {error}")
        with os.fdopen(writer, "wb") as file:
            pickle.dump(answer, file, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _bound(memory_bytes: int, seconds: float) -> None:
    with suppress(OSError, AttributeError):  # not on Linux
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    faulthandler.disable()  # how the child ends is said once, by the parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the child
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _lower(resource.RLIMIT_AS, _address_space() + memory_bytes)
    _lower(resource.RLIMIT_CPU, max(1, round(seconds)))
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _address_space() -> int:
    """Of this process, in bytes."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return 0


def _read(reader: int, deadline: float) -> bytes:
    """All that the child says, until it ends or the time is over."""
    chunks: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left):
                chunk = os.read(reader, 1 << 20)
                if not chunk:
                    break
                chunks.append(chunk)
    return b"".join(chunks)


def _opened(answer: bytes) -> tuple[str, Any]:
    """The child is this program: its pickle is no stranger's. Nothing, or half of it, if it was ended."""
    with suppress(EOFError, pickle.UnpicklingError):
        kind, content = pickle.loads(answer)
        return str(kind), content
    return "ended", None


def _refused(subject: str, memory: bool, status: int, memory_bytes: int, seconds: float, said: str) -> UserError:
    if memory:
        limit = f"{memory_bytes / (1 << 30):.3g} GB"
        return UserError(subject, f"over {limit} of memory", f"at most {limit}", "Use a smaller model.")
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if not said and number in (signal.SIGXCPU, signal.SIGKILL):
        return UserError(subject, f"over {seconds:g} s of computing", f"at most {seconds:g} s", "Use a smaller model.")
    ended = said or (f"ended by {signal.Signals(number).name}" if number else "no answer")
    return UserError(subject, f"what cannot be computed ({ended[:300]})", "a valid model", "Export it again.")
