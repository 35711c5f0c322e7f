"""A child process that works on some seeds: every graph up to the reference, then the hardware of all of them at once.

Time and memory are bounded here; a child that hangs beyond that is ended by its parent (``hwflow.fuzz.run``).
"""

from __future__ import annotations

import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from hwflow.fuzz import cpp, hardware, rtl, software
from hwflow.fuzz.case import Case
from hwflow.fuzz.faults import RUNGS, Fault, Refused, Rung, judge
from hwflow.fuzz.frameworks import Source, draw

CPU_LIMIT_S = 30.0  # of one graph, without the compilers
MEMORY_LIMIT = 16 << 30  # of addresses: frameworks take many
T = TypeVar("T")


@dataclass
class Outcome:
    """What came of a case: a fault, or the last rung that it reached, and why it was refused there."""

    name: str
    reached: Rung = "import"
    fault: tuple[Rung, str, str] | None = None
    refused: str = ""
    seconds: dict[Rung, float] = field(default_factory=dict)


class Climber:
    """Takes cases up the rungs, all below ``top`` and itself, in ``folder``."""

    def __init__(self, folder: Path, top: Rung) -> None:
        self.folder, self.top = folder, top
        self.outcomes: dict[str, Outcome] = {}

    def wants(self, rung: Rung) -> bool:
        """Whether the rung is to be climbed."""
        return RUNGS.index(rung) <= RUNGS.index(self.top)

    def climb(self, cases: Sequence[Callable[[], Case]], names: Sequence[str], say: Callable[[str], None]) -> None:
        """Fill ``outcomes``."""
        ready = []
        for case, name in zip(cases, names, strict=True):
            say(name)
            self.outcomes[name] = Outcome(name)
            made = self._software(case, self.outcomes[name])
            ready += [made] if made is not None else []
        for rung, run in (("csim", cpp.run_cpp), ("rtl", rtl.run_rtl)):
            if self.wants(rung) and ready:  # type: ignore[arg-type]
                say(rung)
                ready = self._batch(rung, run, ready)  # type: ignore[arg-type]

    def _software(self, case: Callable[[], Case], outcome: Outcome) -> hardware.Hardware | None:
        made: hardware.Hardware | None = None
        folder = self.folder / f"g{len(self.outcomes)}"
        try:
            with _cpu_limit(CPU_LIMIT_S):
                imported = _timed(outcome, "import", lambda: software.load(case(), self.folder))
                _timed(outcome, "oracle", lambda: software.compare_with_oracle(imported))
                if self.wants("reference"):
                    _timed(outcome, "reference", lambda: software.compare_with_golden(imported))
                    made = _timed(outcome, "reference", lambda: hardware.design(imported, folder))
                if made is not None and self.wants("csim"):
                    self._write(outcome, made)
        except (Fault, Refused) as verdict:
            _note(outcome, software.checked(verdict, case))
            return None
        return made

    def _write(self, outcome: Outcome, made: hardware.Hardware) -> None:
        _timed(outcome, "csim", lambda: hardware.write_cpp(made))
        if self.wants("rtl"):
            _timed(outcome, "rtl", lambda: hardware.write_sv(made))

    def _batch(
        self, rung: Rung, run: Callable[..., dict[str, Fault]], ready: list[hardware.Hardware]
    ) -> list[hardware.Hardware]:
        began = time.perf_counter()
        faults = run(ready, self.folder / rung)
        each = (time.perf_counter() - began) / len(ready)
        for made in ready:
            outcome = self.outcomes[made.name]
            outcome.reached = rung
            outcome.seconds[rung] = outcome.seconds.get(rung, 0.0) + each
            if made.name in faults:
                _note(outcome, faults[made.name])
        return [made for made in ready if made.name not in faults]


def _timed(outcome: Outcome, rung: Rung, step: Callable[[], T]) -> T:
    """A step; what it raises as a Fault or Refused."""
    began = time.perf_counter()
    try:
        result = step()
        outcome.reached = rung
        return result
    except Exception as error:
        raise judge(rung, error) from error
    finally:
        outcome.seconds[rung] = outcome.seconds.get(rung, 0.0) + time.perf_counter() - began


def _note(outcome: Outcome, verdict: Fault | Refused) -> None:
    if isinstance(verdict, Fault):
        outcome.fault = (verdict.rung, verdict.kind, verdict.message)
    else:
        outcome.refused = str(verdict)


class _TooLong(Exception):
    pass


def _too_long(_number: int, _frame: Any) -> NoReturn:
    raise _TooLong(f"over {CPU_LIMIT_S:g} s of computing")


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Of this process, so that a busy machine makes no fault."""
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _terminated(number: int, _frame: Any) -> NoReturn:
    raise SystemExit(128 + number)


def work(connection: Connection, source: Source, seeds: Sequence[int], top: Rung, at: str) -> None:
    """The body of the child: says what it is at, and sends the outcomes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    signal.signal(signal.SIGTERM, _terminated)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    folder = Path(tempfile.mkdtemp(prefix="chunk-", dir=at))
    try:
        climber = Climber(folder, top)
        cases = [partial(draw, source, seed) for seed in seeds]
        climber.climb(cases, [f"seed {seed}" for seed in seeds], lambda what: connection.send(("at", what)))
        connection.send(("done", list(climber.outcomes.values())))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
