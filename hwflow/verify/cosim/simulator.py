"""One run of the compiled design: writes its plan, runs it, reads what it found."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwflow.errors import GateFailed
from hwflow.processes import run_tool
from hwflow.verify.cosim.beats import Stream
from hwflow.verify.cosim.compare import Comparison, KernelPorts, compare, in_graph_order, producers
from hwflow.verify.cosim.manifest import Manifest
from hwflow.verify.cosim.modes import Mode
from hwflow.verify.cosim.result import FifoUse, ModeResult, Stalls

RUN_LIMIT_S = 4 * 3600.0
_PATIENCE = 10_000  # cycles without a beat in or out that are no deadlock yet
_NO_WINDOW = (0, 0)


@dataclass(frozen=True)
class Bench:
    """A compiled design, its golden streams, and the latency in cycles that it is expected to have."""

    rtl: Path
    work: Path
    program: Path
    manifest: Manifest
    golden: Mapping[str, Stream]
    kernels: tuple[KernelPorts, ...]
    latency: int

    @property
    def source(self) -> Stream:
        return self.golden["input"]

    @property
    def sink(self) -> Stream:
        return self.golden["output"]

    @property
    def frames(self) -> int:
        return self.source.frames


def simulate(
    bench: Bench,
    mode: Mode,
    streams: bool,
    window: tuple[int, int] = _NO_WINDOW,
    on_line: Callable[[str], None] | None = None,
) -> ModeResult:
    """Run all frames. ``window``: cycles of which wave.fst is written, by a program that can."""
    folder = bench.work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "input.bin").symlink_to(bench.work / "input.bin")
    (folder / "plan.txt").write_text("\n".join(_plan(bench, mode, streams, window)) + "\n")
    log = bench.work / "simulation.log"
    done = run_tool([str(bench.program), str(folder)], bench.rtl, RUN_LIMIT_S, log, on_line)
    if done.returncode != 0:
        raise GateFailed(f"cosim: the simulation {_end(done.returncode)} in mode {mode}: {done.output_tail}; see {log}")
    if window != _NO_WINDOW:
        (folder / "wave.fst").replace(bench.work / "wave.fst")
    return _read(bench, mode, folder, streams)


def _end(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _plan(bench: Bench, mode: Mode, streams: bool, window: tuple[int, int]) -> Iterator[str]:
    index = {channel: i for i, channel in enumerate(bench.manifest.fifos)}
    yield f"frames {bench.frames}"
    yield f"input {bench.source.beats} {bench.source.words}"
    yield f"output {bench.sink.beats} {bench.sink.words}"
    yield f"seed {mode.seed}"
    yield f"watchdog {max(_PATIENCE, 20 * bench.latency)} {bench.latency + 100}"
    yield f"probability {mode.offer} {mode.take}"
    yield f"reset {mode.reset_cycles} {_list(mode.resets)}"
    yield f"trace {window[0]} {window[1]}"
    yield f"streams {int(streams)}"
    yield from (f"fifo {path}" for path in bench.manifest.fifos.values())
    for kernel in bench.kernels:
        ports = ([index[name] for name in names if name in index] for names in (kernel.sources, kernel.sinks))
        yield f"kernel {' '.join(map(_list, ports))}"


def _list(numbers: Sequence[int]) -> str:
    return " ".join(map(str, (len(numbers), *numbers)))


def _read(bench: Bench, mode: Mode, folder: Path, streams: bool) -> ModeResult:
    found = json.loads((folder / "result.json").read_text())
    fifos = {name: FifoUse(*row) for name, row in zip(bench.manifest.fifos, found["fifos"], strict=True)}
    comparisons = list(_comparisons(bench, folder, streams))
    output = comparisons[0]
    wrong = next(in_graph_order(comparisons, bench.kernels), None)
    handed = _cycles(folder / "handed.bin", bench.sink.beats)
    return ModeResult(
        mode=mode,
        cycles=found["cycles"],
        accepted=_cycles(folder / "accepted.bin", bench.source.beats),
        handed=handed,
        resets=found["resets"],
        wrong_bits=output.wrong_bits,
        fifos=fifos,
        kernels={k.name: Stalls(*row) for k, row in zip(bench.kernels, found["kernels"], strict=True)},
        parity=tuple(comparison.parity for comparison in comparisons),
        wrong=wrong,
        deadlock=found["deadlock"],
        failures=tuple(f"{mode}: {text}" for text in _failures(bench, found, fifos, wrong)),
    )


def _cycles(path: Path, beats: int) -> np.ndarray:
    """Of the frames that are whole."""
    values = np.fromfile(path, np.int64)
    return values[: len(values) // beats * beats].reshape(-1, beats)


def _comparisons(bench: Bench, folder: Path, streams: bool) -> Iterator[Comparison]:
    """The output port first, then every channel that was recorded and has golden values."""
    writers = producers(bench.kernels)
    output = np.fromfile(folder / "output.bin", np.uint32).reshape(-1, bench.sink.words)
    yield compare("output", writers.get("output", "top"), output, bench.sink)
    for index, channel in enumerate(bench.manifest.fifos):
        if streams and channel in bench.golden and channel != "output":
            golden = bench.golden[channel]
            beats = np.fromfile(folder / f"stream{index}.bin", np.uint32).reshape(-1, golden.words)
            yield compare(channel, writers.get(channel, "top"), beats, golden)


def _failures(bench: Bench, found: dict[str, Any], fifos: Mapping[str, FifoUse], wrong: object) -> Iterator[str]:
    if wrong:
        yield f"wrong bits, the first in {wrong}"
    if found["deadlock"]:
        yield f"deadlock; places in use: {_occupancy(bench, fifos)}"
        return
    if left := {name: use for name, use in fifos.items() if use.left}:
        yield f"beats left over after the last frame; places in use: {_occupancy(bench, left)}"
    counts = {
        "extra_beats": "output beats too many",
        "unsteady": "output beats that changed or went before they were taken",
        "wrong_last": "output beats with a wrong tlast",
    }
    yield from (f"{found[key]} {text}" for key, text in counts.items() if found[key])


def _occupancy(bench: Bench, fifos: Mapping[str, FifoUse]) -> str:
    channels = bench.manifest.channels
    return ", ".join(f"{name} {use.left}/{channels[name].depth}" for name, use in fifos.items())
