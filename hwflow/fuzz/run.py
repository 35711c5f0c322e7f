"""Runs many cases in child processes, keeps every failure, and sums up."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from hwflow.fuzz.case import save_case
from hwflow.fuzz.faults import RUNGS, Rung
from hwflow.fuzz.frameworks import Source, draw
from hwflow.fuzz.summary import Summary
from hwflow.fuzz.worker import Outcome, work

CHUNK = 40  # seeds of one child: about half of them become hardware, in one compilation
SILENCE_S = 900.0  # without a word from a child
Progress = Callable[[Summary], None]


@dataclass
class _Child:
    process: ForkServerProcess
    connection: Connection
    seeds: list[int]
    at: str = ""
    heard: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        """With what it started."""
        self.process.terminate()
        self.process.join(10)
        self.process.kill()
        self.process.join()
        self.connection.close()


def fuzz(
    seeds: Sequence[int],
    top: Rung = "rtl",
    jobs: int = 1,
    output: Path | None = None,
    progress: Progress | None = None,
    source: Source = "onnx",
) -> Summary:
    """Take the case of every seed up the rungs to ``top``.

    Every failure is kept in a folder of its own below ``output``. An interruption ends the children and is raised;
    what was found until then is in ``output``.
    """
    summary = Summary(len(seeds), jobs)
    with tempfile.TemporaryDirectory(prefix="hwflow-fuzz-") as scratch:
        for outcome in _outcomes(source, _chunks(seeds), top, jobs, scratch):
            summary.add(outcome)
            if outcome.fault and output is not None:
                rung, kind, message = outcome.fault
                seed = int(outcome.name.rpartition(" ")[2])
                folder = output / f"{rung}-{seed}"
                summary.kept[outcome.name] = save_case(
                    draw(source, seed), folder, rung=rung, kind=kind, message=message
                )
            if progress:
                progress(summary)
    return summary


def _chunks(seeds: Sequence[int]) -> list[list[int]]:
    return [list(seeds[start : start + CHUNK]) for start in range(0, len(seeds), CHUNK)]


def _outcomes(source: Source, chunks: list[list[int]], top: Rung, jobs: int, scratch: str) -> Iterator[Outcome]:
    """As they come. A child that dies or hangs is a fault of the case it was at; the others are tried again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["hwflow.fuzz.worker"])
    waiting, children = chunks[::-1], list[_Child]()
    try:
        while waiting or children:
            while waiting and len(children) < jobs:
                children.append(_start(context, source, waiting.pop(), top, scratch))
            wait([child.connection for child in children], timeout=5)
            for child in list(children):
                outcomes = _hear(child)
                if outcomes is None:
                    continue
                children.remove(child)
                child.end()
                yield from outcomes
                if rest := _rest(child.seeds, outcomes):
                    waiting.append(rest)
    finally:
        for child in children:
            child.end()


def _start(context: ForkServerContext, source: Source, seeds: list[int], top: Rung, scratch: str) -> _Child:
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, source, seeds, top, scratch), daemon=False)
    process.start()
    theirs.close()
    return _Child(process, mine, seeds)


def _hear(child: _Child) -> list[Outcome] | None:
    """What the child has done, None while it is at work."""
    try:
        while child.connection.poll():
            kind, what = child.connection.recv()
            child.heard = time.monotonic()
            if kind == "done":
                return list(what)
            child.at = what
    except EOFError:
        child.process.join(10)
        return [_lost(child, f"the process ended with exit code {child.process.exitcode}")]
    return [_lost(child, "no end")] if time.monotonic() - child.heard > SILENCE_S else None


def _lost(child: _Child, how: str) -> Outcome:
    rung: Rung = child.at if child.at in RUNGS else "import"
    name = child.at if child.at.startswith("seed ") else f"seed {child.seeds[0]}"
    return Outcome(name, rung, (rung, how, f"{how}, at {child.at}"))


def _rest(seeds: list[int], outcomes: list[Outcome]) -> list[int]:
    """Seeds without an outcome, where a child was lost."""
    done = {outcome.name for outcome in outcomes}
    return [seed for seed in seeds if f"seed {seed}" not in done]
