"""Co-simulation: the design under Verilator in every mode, every output bit against the golden integers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hwflow.errors import UserError
from hwflow.verify.cosim.beats import Stream, pack
from hwflow.verify.cosim.build import build_simulator
from hwflow.verify.cosim.compare import KernelPorts
from hwflow.verify.cosim.manifest import Manifest, read_manifest
from hwflow.verify.cosim.modes import MODES, ModeName, modes
from hwflow.verify.cosim.result import CosimResult, ModeResult
from hwflow.verify.cosim.simulator import RUN, WAVE, Bench, simulate

Progress = Callable[[str], None]


@dataclass(frozen=True)
class CosimOptions:
    """``latency`` and ``ii`` are those expected, in cycles; the watchdog and the times of resets come from them.

    ``streams``: compare every channel whose golden integers are given, not only the output.
    ``program``: of ``batch``, built already; then no waveform follows a wrong bit.
    """

    latency: int
    ii: int
    modes: tuple[ModeName, ...] = MODES
    seed: int = 2026
    streams: bool = False
    program: Path | None = None


def run_cosim(
    rtl: Path,
    work: Path,
    golden: Mapping[str, Stream],
    kernels: Sequence[KernelPorts],
    options: CosimOptions,
    progress: Progress | None = None,
) -> CosimResult:
    """Build the design of an RTL folder in ``work`` and run it on every frame, back to back, in every mode.

    Args:
        golden: by channel; inputs are sent, outputs must come. Others may have fewer frames.
        kernels: in the order of the graph.

    A wrong bit, a deadlock and the like are in the result. Raises UserError for a folder or golden values that do
    not fit, GateFailed when a tool ends with an error, ToolMissing, ToolTimeout.
    """
    say = progress or (lambda _: None)
    manifest = read_manifest(rtl)
    _check_shapes(manifest, golden)
    say("build the simulator")
    (work / WAVE).unlink(missing_ok=True)  # of an earlier run
    bench = _bench(rtl, work, manifest, golden, kernels, options)
    runs: list[ModeResult] = []
    for mode in modes(options.modes, options.seed, options.latency, options.ii, bench.frames):
        say(f"{bench.frames} frames, {mode}")
        runs.append(simulate(bench, mode, options.streams, on_line=say))
    result = CosimResult(bench.frames, tuple(runs))
    return result if options.program else _explained(bench, result, say)


def _bench(
    rtl: Path,
    work: Path,
    manifest: Manifest,
    golden: Mapping[str, Stream],
    kernels: Sequence[KernelPorts],
    options: CosimOptions,
) -> Bench:
    run = work / RUN
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    program = options.program or build_simulator(rtl, manifest, work)
    for n, channel in enumerate(manifest.inputs):
        pack(golden[channel]).tofile(run / f"input{n}.bin")
    return Bench(rtl.resolve(), work.resolve(), program, manifest, golden, tuple(kernels), options.latency)


def _explained(bench: Bench, result: CosimResult, say: Progress) -> CosimResult:
    """After a wrong bit: the run again, with every stream compared and a waveform of the frame."""
    index = next((i for i, run in enumerate(result.runs) if run.wrong), None)
    if index is None:
        return result
    run = result.runs[index]
    assert run.wrong is not None
    say("build the simulator with waveforms")
    program = build_simulator(bench.rtl, bench.manifest, bench.work, trace=True)
    again = simulate(replace(bench, program=program), run.mode, True, _window(run, run.wrong.frame), say)
    runs = (*result.runs[:index], again, *result.runs[index + 1 :])
    return replace(result, runs=runs, wave=bench.work / WAVE)


def _window(run: ModeResult, frame: int) -> tuple[int, int]:
    """Cycles of a frame, to its last output beat or, if that never came, to the end of the run."""
    ends = [int(port[frame, -1]) if frame < len(port) else run.cycles for port in run.outputs.values()]
    return int(run.accepted[frame, 0]) if frame < len(run.accepted) else 0, max(ends) + 1


def _check_shapes(manifest: Manifest, golden: Mapping[str, Stream]) -> None:
    for name, stream in golden.items():
        channel = manifest.channels.get(name)
        given = (stream.beats, stream.elements * stream.type.width)
        if channel is None or (channel.beats, channel.width) != given:
            found = "no such channel" if channel is None else f"{channel.beats} beats of {channel.width} bits"
            expected = f"{given[0]} beats of {given[1]} bits"
            raise UserError(f"rtl.json, channel {name}", found, expected, "Build the design again.")
