"""Writes the RTL folder of a fully unrolled design and predicts its cycles and resources."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwflow.backends.unrolled import program as programs
from hwflow.backends.unrolled import wrapper
from hwflow.backends.unrolled.clamps import clamp_last
from hwflow.backends.unrolled.estimate import estimate
from hwflow.backends.unrolled.program import Program, Verilog
from hwflow.backends.unrolled.stages import place
from hwflow.backends.unrolled.trace import trace
from hwflow.data_folder import data_folder
from hwflow.errors import GateFailed, UserError
from hwflow.files import write_atomic
from hwflow.ir import reference
from hwflow.ir.graph import Graph, Tensor
from hwflow.passes import canonicalise
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.resources import Resources
from hwflow.schedule.simulate import Simulation, simulate

Progress = Callable[[str], None]
SOURCE, SINK = "input", "output"
_CHECKED_FRAMES = 1024
_SEED = 2026
_RETRAIN = "Quantise the model to more bits, or train it."
_NOTICE = """\
These files are copies of files of alkaid (https://github.com/calad0i/alkaid), LGPL-3.0-or-later:
{files}
"""


@dataclass(frozen=True)
class UnrolledDesign:
    """A design in its folder, as predicted: cycles, nanoseconds of the clock that it was built for, resources.

    ``period_ns``: of the slowest stage by the open delays, before synthesis. Every figure is of stage "estimate".
    """

    folder: Path
    clock_mhz: float
    stages: int
    period_ns: float
    resources: Resources
    actors: tuple[Actor, ...]
    channels: tuple[Channel, ...]
    simulation: Simulation

    @property
    def latency(self) -> int:
        """Cycles from the one that takes a frame to the one that hands it over."""
        return self.simulation.latency

    @property
    def ii(self) -> int:
        """Cycles between frames."""
        return self.simulation.ii


def write_unrolled(graph: Graph, clock_mhz: float, folder: Path, progress: Progress | None = None) -> UnrolledDesign:
    """Unroll a graph (one input, one output) and write its SystemVerilog into an empty folder.

    The traced program is run on seeded frames first and compared with the integer reference, bit for bit.

    Raises UserError for a tensor that is too wide (see ``limits``), ToolMissing without alkaid, and GateFailed if a
    bit of the program is wrong.
    """
    say = progress or (lambda _: None)
    graph = canonicalise(graph)  # whose input is the port: an image arrives channels last
    source, sink = _ports(graph)
    program = trace(clamp_last(graph), say)
    say("compare with the reference")
    _check(graph, program)
    say("place stages")
    stages = place(program, clock_mhz)
    say("write Verilog")
    verilog = programs.written(program, stages.of)
    if not all(stage.inputs and stage.outputs for stage in verilog.stages):
        raise UserError("unrolled style", "outputs that are constants", "outputs that depend on the input", _RETRAIN)
    names = [f"stage{index}" for index in range(stages.count)]
    files = _files(verilog, names, source, sink)
    channels = _channels(source, sink, stages.count)
    for name, text in files.items():
        write_atomic(folder / name, text)
    write_atomic(folder / "NOTICE.txt", _NOTICE.format(files=", ".join(verilog.library)))
    write_atomic(folder / "rtl.json", _manifest(tuple(files), names, channels, clock_mhz))
    actors = (Actor("unrolled", (Phase({SOURCE: 1}, {SINK: 1}),), depth=stages.count),)
    return UnrolledDesign(
        folder,
        clock_mhz,
        stages.count,
        stages.period_ns,
        estimate(program, verilog, _fifo_bits(channels)),
        actors,
        channels,
        simulate(actors, channels, Port(SOURCE, beats=1), Port(SINK, beats=1)),
    )


def _ports(graph: Graph) -> tuple[Tensor, Tensor]:
    if (len(graph.inputs), len(graph.outputs)) != (1, 1):
        found = f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs"
        raise UserError("unrolled style", found, "one input and one output", "Export the model with one of each.")
    return graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]


def _check(graph: Graph, program: Program) -> None:
    """alkaid fails silently where it fails; the reference does not."""
    source, sink = _ports(graph)
    rng = np.random.default_rng(_SEED)
    frames = rng.integers(source.type.lo, source.type.hi, (_CHECKED_FRAMES, *source.shape), endpoint=True)
    frames[0], frames[1] = source.type.lo, source.type.hi
    expected = reference.run(graph, {source.id: frames})[sink.id].reshape(_CHECKED_FRAMES, -1)
    if wrong := int(np.any(programs.run(program, frames) != expected, axis=1).sum()):
        raise GateFailed(f"unrolled style: {wrong} of {_CHECKED_FRAMES} frames differ from the integer reference")


def _files(verilog: Verilog, names: list[str], source: Tensor, sink: Tensor) -> dict[str, str]:
    """Name -> text, in the order of compilation: a time scale in alkaid's files holds for those behind them."""
    count = len(names)
    stages = {
        f"{name}.sv": wrapper.stage_module(stage, name, index == count - 1)
        for index, (stage, name) in enumerate(zip(verilog.stages, names, strict=True))
    }
    fifo = (data_folder("rtl_templates") / "hwflow_fifo.sv").read_text()
    top = wrapper.top_module(verilog, names, source.type.width, sink.type.width)
    return {**verilog.files, "hwflow_fifo.sv": fifo, **stages, "hwflow_top.sv": top}


def _channels(source: Tensor, sink: Tensor, stages: int) -> tuple[Channel, ...]:
    return (
        Channel(SOURCE, wrapper.INPUT_PLACES, width=source.size * source.type.width),
        Channel(SINK, stages + 1, width=sink.size * sink.type.width),
    )


def _fifo_bits(channels: tuple[Channel, ...]) -> int:
    return sum(channel.width * (channel.depth or 0) for channel in channels)


def _manifest(sources: tuple[str, ...], stages: list[str], channels: tuple[Channel, ...], clock_mhz: float) -> str:
    streams = {c.name: {"width": c.width, "depth": c.depth, "beats": 1, "fifo": f"fifo_{c.name}"} for c in channels}
    manifest = {
        "top": "hwflow_top",
        "sources": sources,
        "memories": [],
        "clock_mhz": clock_mhz,
        "kernels": stages,
        "channels": streams,
    }
    return json.dumps(manifest, indent=1)
