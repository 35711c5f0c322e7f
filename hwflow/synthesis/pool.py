"""Runs of a tool side by side: as many as there are cores and memory for, none of which outlives its caller."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hwflow.process_groups import Process, end_group, start_group
from hwflow.processes import ToolTimeout

_POLL_S = 0.05
_TAIL_BYTES = 1 << 16


@dataclass(frozen=True)
class Job:
    """A tool's arguments, where it runs, and the file that takes its output."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    environment: Mapping[str, str]


def run_jobs(jobs: Iterable[Job], width: int, timeout_s: float) -> Generator[tuple[Job, int]]:
    """Run ``width`` jobs at a time, started in the order given; yields each with its exit code as it ends.

    A job is taken from ``jobs`` only when its turn has come. Close the iterator to end what still runs.

    Raises:
        ToolTimeout: a job did not end within ``timeout_s`` seconds of its start.
    """
    waiting, running = iter(jobs), dict[Process, tuple[Job, float, ExitStack]]()
    with ExitStack() as all_of_them:
        while True:
            while len(running) < width and (job := next(waiting, None)):
                stack = all_of_them.enter_context(ExitStack())
                running[_start(job, stack)] = (job, time.monotonic() + timeout_s, stack)
            if not running:
                return
            ended = [process for process in running if process.poll() is not None]
            for process in ended:
                job, _, stack = running.pop(process)
                stack.close()
                yield job, process.returncode
            _check_time(running, timeout_s)
            if not ended:
                time.sleep(_POLL_S)


def width_for(memory_bytes: int) -> int:
    """How many runs of ``memory_bytes`` each this machine takes at a time, at least one."""
    return max(1, min(_cores(), _free_memory() // memory_bytes))


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log that are not empty."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = file.read().decode(errors="replace")
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def _start(job: Job, stack: ExitStack) -> Process:
    sink = stack.enter_context(job.log.open("wb"))
    process = start_group(job.argv, job.folder, job.environment, sink)
    stack.callback(end_group, process)
    return process


def _check_time(running: Mapping[Process, tuple[Job, float, ExitStack]], timeout_s: float) -> None:
    for job, deadline, _ in running.values():
        if time.monotonic() > deadline:
            raise ToolTimeout(job.name, timeout_s, tail(job.log))


def _free_memory() -> int:
    """Memory that a process can have without swapping; all of it where the system does not say."""
    try:
        rows = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cores() -> int:
    """Those that this process may use, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
