"""RTL of a graph under any folds, and its co-simulation against the reference and the token-level simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwflow.backends.rtl.project import write_rtl
from hwflow.ir import reference
from hwflow.ir.graph import Graph
from hwflow.kernels.base import beats, width
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.schedule.fifo import fifo_depths, with_depths
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.simulate import Simulation, simulate
from hwflow.verify.cosim import CosimOptions, CosimResult, KernelPorts, ModeName, Stream, run_cosim
from tests.support.ports import random_inputs


@dataclass(frozen=True)
class Scheduled:
    """A kernel graph with a fold for each kernel; FIFO depths that cost no cycle, unless given."""

    network: KernelGraph
    schedule: Schedule

    @classmethod
    def of(cls, graph: Graph, pick: np.random.Generator | int, depths: Mapping[str, int] | None = None) -> Scheduled:
        """``pick``: draws the folds, or is their index: 0 the most folded, -1 the least.

        A kernel with fewer folds takes its last.
        """
        network = kernel_graph(graph, 200.0)
        folds = {k.name: _pick(list(k.folds()), pick) for k in network.kernels}
        actors = [a for k in network.kernels for a in k.actors(folds[k.name])]
        channels = [*network.channels, *(c for k in network.kernels for c in k.channels(folds[k.name]))]
        sized = fifo_depths(actors, channels, network.sources, network.sinks) | dict(depths or {})
        none = {k.name: k.rtl(folds[k.name]).resources for k in network.kernels}
        schedule = Schedule(
            board="none", clock_mhz=200.0, latency=1, first_output=1, ii=1, folds=folds, fifo_depths=sized,
            kernel_resources=none, fifo_resources=Resources(),
        )  # fmt: skip
        made = cls(network, schedule)
        found = made.predicted(4)
        times = {"latency": found.latency, "first_output": found.first_output, "ii": found.ii}
        return cls(network, schedule.model_copy(update=times))

    def predicted(self, frames: int) -> Simulation:
        """The token-level simulation."""
        network, folds = self.network, self.schedule.folds
        actors = [a for k in network.kernels for a in k.actors(folds[k.name])]
        channels = [*network.channels, *(c for k in network.kernels for c in k.channels(folds[k.name]))]
        sized = with_depths(channels, self.schedule.fifo_depths)
        return simulate(actors, sized, network.sources, network.sinks, frames)

    def cosim(
        self, folder: Path, frames: int, modes: tuple[ModeName, ...] = ("nominal",), seed: int = 1
    ) -> CosimResult:
        """Every stream is compared with the reference."""
        rtl = folder / "rtl"
        rtl.mkdir(parents=True)
        write_rtl(self.network, self.schedule, rtl)
        kernels = [KernelPorts(k.name, k.sources, k.sinks) for k in self.network.kernels]
        options = CosimOptions(self.schedule.latency, self.schedule.ii, modes, seed, streams=True)
        return run_cosim(rtl, folder / "work", self.streams(frames, seed), kernels, options)

    def streams(self, frames: int, seed: int) -> dict[str, Stream]:
        graph, carried = self.network.graph, self.network.tensor_of
        inputs = random_inputs(graph, frames, seed)
        ids = tuple(dict.fromkeys(id for id in carried.values() if id not in inputs))
        values = reference.emulate(graph, inputs, ids) | inputs
        tensors = {channel: graph.tensors[id] for channel, id in carried.items()}
        return {c: Stream(values[t.id].reshape(frames, beats(t), width(t)), t.type) for c, t in tensors.items()}


def assert_equals_prediction(design: Scheduled, result: CosimResult) -> None:
    """No wrong bit, and latency, interval, every frame's end and every FIFO's mark are those predicted."""
    assert result.failures == ()
    run = result.nominal
    assert run is not None
    predicted = design.predicted(result.frames)
    assert (run.latency, run.first_output, run.ii) == (predicted.latency, predicted.first_output, predicted.ii)
    assert tuple(run.handed[:, -1].tolist()) == predicted.frame_ends
    ports = {**run.inputs, **run.outputs}
    assert {n: (int(c[0, 0]), int(c[0, -1])) for n, c in ports.items()} == {
        name: (port.first, port.last) for name, port in predicted.ports.items()
    }
    assert {name: use.high_water for name, use in run.fifos.items()} == {
        name: mark for name, mark in predicted.high_water.items() if name in run.fifos
    }


def _pick(folds: list[Fold], pick: np.random.Generator | int) -> Fold:
    return folds[min(pick, len(folds) - 1) if isinstance(pick, int) else int(pick.integers(len(folds)))]
