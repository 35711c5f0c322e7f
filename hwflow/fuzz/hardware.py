"""From an imported case to hardware: kernels, a schedule, what every channel must carry, the HLS project, the RTL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwflow.backends.hls.project import write_project
from hwflow.backends.hls.testbench import Limits, write_testbench
from hwflow.backends.rtl.project import write_rtl
from hwflow.fuzz.faults import Fault
from hwflow.fuzz.schedules import CLOCK_MHZ, board, draw_schedule
from hwflow.fuzz.software import Imported
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.kernels.base import beats, width
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.schedule.schedule import Schedule
from hwflow.verify.cosim.beats import Stream
from hwflow.verify.ports import ModelPorts

FRAMES = 8  # of the RTL
VECTORS = 12  # of the C++


@dataclass(frozen=True)
class Hardware:
    """A scheduled design in ``folder``. ``values``: of every tensor that a channel carries."""

    name: str
    folder: Path
    network: KernelGraph
    schedule: Schedule
    values: dict[str, IntArray]

    @property
    def hls(self) -> Path:
        """The HLS project."""
        return self.folder / "hls"

    @property
    def rtl(self) -> Path:
        """The RTL folder."""
        return self.folder / "rtl"

    def streams(self) -> dict[str, Stream]:
        """What every channel carries."""
        tensors = {channel: self.network.graph.tensors[id] for channel, id in self.network.tensor_of.items()}
        return {
            channel: Stream(self.values[t.id][:FRAMES].reshape(FRAMES, beats(t), width(t)), t.type)
            for channel, t in tensors.items()
        }


def design(imported: Imported, folder: Path) -> Hardware:
    """Kernels and a schedule. The passes must not have changed what is put out."""
    network = kernel_graph(imported.model.graph, CLOCK_MHZ)
    raw = ModelPorts(network.graph, imported.model.golden).integers(imported.arrays)
    kernels = (k.output for k in network.kernels if not isinstance(k, Fork))
    keep = tuple(dict.fromkeys((*kernels, *(id for id in network.tensor_of.values() if id not in raw))))
    values = reference.run(network.graph, raw, keep) | raw
    for n, (channel, expected) in enumerate(zip(network.outputs, imported.outputs, strict=True)):
        found = network.filed(n, values[network.tensor_of[channel]])
        if wrong := int(np.count_nonzero(found.reshape(expected.shape) != expected)):
            raise Fault("reference", "a pass changed the output", f"output {n}: {wrong} of {found.size} values")
    schedule = draw_schedule(network, imported.case.seed)
    return Hardware(imported.case.name, folder, network, schedule, values)


def write_cpp(made: Hardware) -> None:
    """The HLS project with its testbench and vectors."""
    write_project(made.network, made.schedule, board(), "io_stream", made.hls)
    vectors = {id: values[:VECTORS] for id, values in made.values.items()}
    write_testbench(made.network, "io_stream", Limits(1, 0, 1, 0), vectors, made.hls)


def write_sv(made: Hardware) -> None:
    """The RTL folder."""
    made.rtl.mkdir(parents=True, exist_ok=True)
    write_rtl(made.network, made.schedule, made.rtl)
