"""Running external tools: argument lists, a time limit, and no process left behind."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hwflow.errors import GateFailed, ToolMissing, disk_full, is_disk_full
from hwflow.process_groups import Process, end_group, start_group

TAIL_LINES = 40
_LINE_BYTES = 1 << 16  # a longer line is cut in two
_POLL_S = 0.1
_ERROR = re.compile(r"\b(ERROR|[Ee]rror)\b")  # not "0 Errors"


@dataclass(frozen=True, slots=True)
class Completed:
    """A tool that ended: its exit code (minus the signal that killed it) and the last lines of its output."""

    returncode: int
    output_tail: str

    @property
    def failure(self) -> str:
        """How it ended and why: the first line of the last ones that says error, or else the last."""
        lines = self.output_tail.splitlines()
        said = next(filter(_ERROR.search, lines), lines[-1] if lines else "").strip()[:500]
        return f"{ending(self.returncode)}: {said}" if said else ending(self.returncode)


class ToolTimeout(GateFailed):
    """A tool did not end within its time limit; it and its children have been ended."""

    def __init__(self, tool: str, timeout_s: float, output_tail: str) -> None:
        self.tool, self.timeout_s, self.output_tail = tool, timeout_s, output_tail
        super().__init__(f"{tool}: did not end within its time limit of {timeout_s:g} s and was stopped")


def ending(code: int) -> str:
    """How a tool with this exit code ended, in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def find_tool(name: str, needed_for: str, remedy: str) -> Path:
    """The tool's full path. Raises ToolMissing if it is not on the PATH."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(name, needed_for, remedy)
    return Path(found)


def run_tool(
    argv: Sequence[str],
    cwd: Path,
    timeout_s: float,
    log: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a tool to its end, without a shell or an input, in a process group of its own.

    Args:
        log: takes standard output and standard error, as they come, byte for byte.
        on_line: called for each line of output, without its line end.
        env: the whole environment; by default that of this process.

    Guarantees: whatever happens (time limit, Ctrl-C, an exception in ``on_line``, this process is killed), no process
    of the group lives on.

    Raises:
        ToolTimeout: after ``timeout_s`` seconds.
        UserError: it failed, and says that the disk is full.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with ExitStack() as stack:
        sink = stack.enter_context(log.open("wb")) if log else None
        process = stack.enter_context(start_group(argv, cwd, env, subprocess.PIPE))
        stack.callback(end_group, process)
        try:
            for line in _lines(_logged(_chunks(process, time.monotonic() + timeout_s), sink)):
                tail.append(line)
                if on_line:
                    on_line(line)
        except TimeoutError:
            raise ToolTimeout(Path(argv[0]).name, timeout_s, "\n".join(tail)) from None
    done = Completed(process.returncode, "\n".join(tail))
    if done.returncode and is_disk_full(done.output_tail):
        raise disk_full(str(cwd))
    return done


def _chunks(process: Process, deadline: float) -> Iterator[bytes]:
    """The output as it comes, until the process has ended: a child that keeps the pipe open is not waited for."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            ended = process.poll() is not None
            if selector.select(0 if ended else min(_POLL_S, left)):
                chunk = os.read(process.stdout.fileno(), _LINE_BYTES)
                if not chunk:
                    return _wait(process, left)
                yield chunk
            elif ended:
                return
    raise TimeoutError


def _wait(process: Process, timeout_s: float) -> None:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def _logged(chunks: Iterable[bytes], sink: BinaryIO | None) -> Iterator[bytes]:
    for chunk in chunks:
        if sink:
            sink.write(chunk)
            sink.flush()
        yield chunk


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LINE_BYTES:
            lines, rest = [*lines, rest], b""
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")
