"""One run of the compiled design: writes its plan, runs it, reads what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwflow.errors import GateFailed
from hwflow.processes import ending, run_tool
from hwflow.verify.cosim.beats import Stream
from hwflow.verify.cosim.compare import Comparison, KernelPorts, compare, in_graph_order, producers
from hwflow.verify.cosim.manifest import Manifest
from hwflow.verify.cosim.modes import Mode
from hwflow.verify.cosim.result import FifoUse, ModeResult, Stalls

RUN_LIMIT_S = 4 * 3600.0
RUN, WAVE = "run", "wave.fst"
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
    def inputs(self) -> dict[str, Stream]:
        """By channel, the data first."""
        return {channel: self.golden[channel] for channel in self.manifest.inputs}

    @property
    def outputs(self) -> dict[str, Stream]:
        """By channel, the data first."""
        return {channel: self.golden[channel] for channel in self.manifest.outputs}

    @property
    def frames(self) -> int:
        return next(iter(self.inputs.values())).frames


def simulate(
    bench: Bench,
    mode: Mode,
    streams: bool,
    window: tuple[int, int] = _NO_WINDOW,
    on_line: Callable[[str], None] | None = None,
) -> ModeResult:
    """Run all frames, whose inputs lie in the work folder's ``run``.

    ``window``: cycles of which wave.fst is written, by a program that can.
    """
    folder = bench.work / RUN
    for file in folder.iterdir():
        if not file.name.startswith("input"):
            file.unlink()  # of the run before
    (folder / "plan.txt").write_text("\n".join(_plan(bench, mode, streams, window)) + "\n")
    log = bench.work / "simulation.log"
    done = run_tool([str(bench.program), str(folder)], bench.rtl, RUN_LIMIT_S, log, on_line)
    if done.returncode != 0:
        raise GateFailed(
            f"cosim: the simulation {ending(done.returncode)} in mode {mode}: {done.output_tail}; see {log}"
        )
    if window != _NO_WINDOW:
        (folder / WAVE).replace(bench.work / WAVE)
    return _read(bench, mode, folder, streams)


def _plan(bench: Bench, mode: Mode, streams: bool, window: tuple[int, int]) -> Iterator[str]:
    index = {channel: i for i, channel in enumerate(bench.manifest.fifos)}
    yield f"frames {bench.frames}"
    yield from (f"input {port.beats} {port.words}" for port in bench.inputs.values())
    yield from (f"output {port.beats} {port.words}" for port in bench.outputs.values())
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
    wrong = next(in_graph_order(comparisons, bench.kernels), None)
    return ModeResult(
        mode=mode,
        cycles=found["cycles"],
        inputs=_cycles(folder, "accepted", bench.inputs),
        outputs=_cycles(folder, "handed", bench.outputs),
        resets=found["resets"],
        wrong_bits=sum(output.wrong_bits for output in comparisons[: len(bench.outputs)]),
        fifos=fifos,
        kernels={k.name: Stalls(*row) for k, row in zip(bench.kernels, found["kernels"], strict=True)},
        parity=tuple(comparison.parity for comparison in comparisons),
        wrong=wrong,
        deadlock=found["deadlock"],
        failures=tuple(f"{mode}: {text}" for text in _failures(bench, found, fifos, wrong)),
    )


def _cycles(folder: Path, name: str, ports: Mapping[str, Stream]) -> dict[str, np.ndarray]:
    """Of the frames that are whole."""
    found = {}
    for n, (channel, port) in enumerate(ports.items()):
        values = np.fromfile(folder / f"{name}{n}.bin", np.int64)
        found[channel] = values[: len(values) // port.beats * port.beats].reshape(-1, port.beats)
    return found


def _comparisons(bench: Bench, folder: Path, streams: bool) -> Iterator[Comparison]:
    """The output ports first, then every channel that was recorded and has golden values."""
    writers = producers(bench.kernels)
    for index, (channel, port) in enumerate(bench.outputs.items()):
        output = np.fromfile(folder / f"output{index}.bin", np.uint32).reshape(-1, port.words)
        yield compare(channel, writers.get(channel, "top"), output, port)
    for index, channel in enumerate(bench.manifest.fifos):
        if streams and channel in bench.golden and channel not in bench.outputs:
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
    for channel, port in zip(bench.outputs, found["outputs"], strict=True):
        place = f" at {channel}" if len(bench.outputs) > 1 else ""
        yield from (f"{port[key]} {text}{place}" for key, text in counts.items() if port[key])


def _occupancy(bench: Bench, fifos: Mapping[str, FifoUse]) -> str:
    channels = bench.manifest.channels
    return ", ".join(f"{name} {use.left}/{channels[name].depth}" for name, use in fifos.items())
