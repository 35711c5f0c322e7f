"""Writes the RTL of a scheduled kernel graph: kernels, top, library, ROM contents, manifest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hwflow.backends.rtl.control import MODULE as CONTROL
from hwflow.backends.rtl.top import TOP, input_fifo, stream, top_text
from hwflow.data_folder import data_folder
from hwflow.files import write_atomic
from hwflow.kernels.base import Kernel, beats
from hwflow.kernels.network import KernelGraph
from hwflow.rtl.library import closure
from hwflow.rtl.pipeline import Memory
from hwflow.schedule.schedule import Schedule

MANIFEST = "rtl.json"


@dataclass
class _Project:
    """Writes files into a folder, and keeps their names and a digest of what the design is made of."""

    folder: Path
    sources: list[str] = field(default_factory=list)
    memories: list[str] = field(default_factory=list)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def source(self, name: str, text: str) -> None:
        self.sources.append(f"{name}.sv")
        write_atomic(self.folder / self.sources[-1], text)

    def memory(self, name: str, text: str) -> None:
        self.memories.append(name)
        write_atomic(self.folder / name, text)

    def count(self, text: str) -> str:
        """The text is part of the design's number."""
        self._digest.update(text.encode())
        return text

    @property
    def number(self) -> int:
        """The first 32 bits of the digest."""
        return int.from_bytes(self._digest.digest()[:4])


def write_rtl(network: KernelGraph, schedule: Schedule, folder: Path, axi_lite: bool = False) -> None:
    """Write everything into ``folder``; the same design gives the same bytes.

    ``axi_lite``: with AXI4-Lite registers beside the streams, which change neither their timing nor their bits.
    """
    project = _Project(folder)
    used = {"hwflow_fifo", "hwflow_counter", *((CONTROL,) if axi_lite else ())}
    for kernel in network.kernels:
        used |= _write_kernel(project, kernel, schedule)
    plain = project.count(top_text(network, schedule))
    library = data_folder("rtl_templates")
    for name in closure(used, library):
        project.source(name, (library / f"{name}.sv").read_text())
    project.source(TOP, top_text(network, schedule, project.number) if axi_lite else plain)
    write_atomic(folder / MANIFEST, json.dumps(_manifest(network, schedule, project), indent=1) + "\n")


def _write_kernel(project: _Project, kernel: Kernel, schedule: Schedule) -> set[str]:
    """The library modules that it uses."""
    module = kernel.rtl(schedule.folds[kernel.name])
    depths = [schedule.fifo_depths[sink] for sink in kernel.sinks]
    for name, text in {kernel.name: module.text(depths), **module.extras}.items():
        project.source(name, project.count(text))
    for memory in module.memories:
        project.memory(memory.file, project.count(hex_text(memory)))
    return module.pipeline.modules


def hex_text(memory: Memory) -> str:
    """One line a word, for $readmemh."""
    count, lanes = memory.words.shape
    bits = memory.words.astype(np.int64)[..., None] >> np.arange(memory.width) & 1
    digits = -(-lanes * memory.width // 4)
    padded = np.zeros((count, digits * 4), np.uint8)
    padded[:, : lanes * memory.width] = bits.reshape(count, -1)
    values = padded[:, ::-1].reshape(count, digits, 4) @ np.array([8, 4, 2, 1])
    characters = np.frombuffer(b"0123456789abcdef", np.uint8)[values]
    return "\n".join(row.tobytes().decode() for row in characters) + "\n"


def _manifest(network: KernelGraph, schedule: Schedule, project: _Project) -> dict[str, object]:
    fifo = {channel: input_fifo(channel) for channel in network.inputs} | {
        sink: f"{kernel.name}.fifo{i}" for kernel in network.kernels for i, sink in enumerate(kernel.sinks)
    }
    return {
        "top": TOP,
        "design": f"{project.number:08x}",
        "sources": project.sources,
        "memories": project.memories,
        "clock_mhz": schedule.clock_mhz,
        "kernels": [kernel.name for kernel in network.kernels],
        "inputs": {channel: stream(channel, "s") for channel in network.inputs},
        "outputs": {channel: stream(channel, "m") for channel in network.outputs},
        "channels": {
            c.name: {
                "width": c.width,
                "depth": schedule.fifo_depths[c.name],
                "beats": beats(network.graph.tensors[network.tensor_of[c.name]]),
                "fifo": fifo[c.name],
            }
            for c in network.channels
        },
    }
