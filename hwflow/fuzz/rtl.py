"""The RTL of many designs in one simulator: every bit of every channel, and every cycle that was predicted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwflow.errors import GateFailed, HwflowError
from hwflow.fuzz.faults import Fault
from hwflow.fuzz.hardware import FRAMES, Hardware
from hwflow.fuzz.schedules import predicted
from hwflow.verify.cosim import CosimOptions, CosimResult, KernelPorts, ModeName, run_cosim
from hwflow.verify.cosim.batch import build_batch, translate


def run_rtl(designs: Sequence[Hardware], work: Path) -> dict[str, Fault]:
    """Build and run designs whose RTL is written; the faults by name of design. Raises ToolMissing."""
    faults, ready = dict[str, Fault](), list[Hardware]()
    for made in designs:
        try:
            translate(made.rtl, made.folder / "verilated", len(ready))
            ready.append(made)
        except GateFailed as error:
            faults[made.name] = Fault("rtl", f"Verilator refused it: {_plain(str(error))}", str(error))
    return faults | _built(ready, work) if ready else faults


def _built(designs: Sequence[Hardware], work: Path) -> dict[str, Fault]:
    try:
        programs = build_batch([(made.rtl, made.folder / "verilated") for made in designs], work)
    except GateFailed as error:
        if len(designs) == 1:
            return {designs[0].name: Fault("rtl", f"g++ refused it: {_plain(str(error))}", str(error))}
        middle = len(designs) // 2
        return run_rtl(designs[:middle], work / "a") | run_rtl(designs[middle:], work / "b")
    found = {made.name: _run(made, program) for made, program in zip(designs, programs, strict=True)}
    return {name: fault for name, fault in found.items() if fault is not None}


def _plain(text: str) -> str:
    return re.sub(r"'[^']*'|\S*/\S*|\d+", "#", text)[:120]


def _run(made: Hardware, program: Path) -> Fault | None:
    kernels = [KernelPorts(k.name, k.sources, k.sinks) for k in made.network.kernels]
    draw = np.random.default_rng([made.network.graph.tensors[made.network.graph.outputs[0]].size, len(made.name)])
    modes: tuple[ModeName, ...] = ("nominal", "stalls") if draw.random() < 0.2 else ("nominal",)
    options = CosimOptions(made.schedule.latency, made.schedule.ii, modes, 1, streams=True, program=program)
    try:
        result = run_cosim(made.rtl, made.folder / "work", made.streams(), kernels, options)
    except HwflowError as error:
        return Fault("rtl", f"cosimulation failed: {_plain(str(error))}", str(error))
    if result.failures:
        kind = "wrong bits" if any(run.wrong for run in result.runs) else "deadlock or beats that do not fit"
        return Fault("rtl", kind, "; ".join(result.failures[:3]))
    return _timing(made, result)


def _timing(made: Hardware, result: CosimResult) -> Fault | None:
    """Latency, interval, every frame's end, every port and every FIFO's mark are those predicted."""
    run, expected = result.nominal, predicted(made.network, made.schedule, FRAMES)
    assert run is not None
    marks = {name: use.high_water for name, use in run.fifos.items()}
    ports = {**run.inputs, **run.outputs}
    pairs = {
        "latency": (run.latency, expected.latency),
        "first output": (run.first_output, expected.first_output),
        "interval": (run.ii, expected.ii),
        "ends of frames": (tuple(run.handed[:, -1].tolist()), expected.frame_ends),
        "ports": (
            {n: (int(c[0, 0]), int(c[0, -1])) for n, c in ports.items()},
            {n: (port.first, port.last) for n, port in expected.ports.items()},
        ),
        "FIFO marks": (marks, {n: mark for n, mark in expected.high_water.items() if n in marks}),
    }
    for what, (measured, prediction) in pairs.items():
        if measured != prediction:
            return Fault("rtl", f"{what} not as predicted", f"measured {measured}, predicted {prediction}")
    return None
