"""The C++ of a design as a library that this process calls."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwflow.backends.hls.project import write_project
from hwflow.backends.hls.quiet import quiet
from hwflow.design import layout
from hwflow.ir.graph import IntArray
from hwflow.kernels.network import KernelGraph
from hwflow.processes import find_tool

if TYPE_CHECKING:
    from hwflow.design.design import Design


@dataclass(frozen=True)
class Library:
    """hls4ml's ``model``, compiled, of the kernels of a ``network``."""

    model: Any
    network: KernelGraph

    def run(self, raw: Mapping[str, IntArray]) -> dict[str, np.ndarray]:
        """Integers of the outputs for those of the inputs. Its ports take exact values: the host has quantised them."""
        graph = self.network.graph
        tensors, outputs = graph.tensors, graph.outputs
        real = [np.ascontiguousarray(raw[id] * tensors[id].type.step, dtype=np.float64) for id in graph.inputs]
        found = self.model.predict(real if len(real) > 1 else real[0])
        rows = dict(zip(outputs, found if len(outputs) > 1 else [found], strict=True))
        steps = {id: np.asarray(row, np.float64) / tensors[id].type.step for id, row in rows.items()}
        return {
            id: self.network.filed(n, values.reshape(len(real[0]), -1)) for n, (id, values) in enumerate(steps.items())
        }


def compile_library(design: Design) -> Library:
    """Compile in the build folder. Raises ToolMissing without g++."""
    find_tool("g++", "compiling the design", "Install a C++ compiler (Debian: g++).")
    with design.folder.lock():
        # In place, not staged: the library reads its weights from where it was compiled.
        folder = design.path / layout.LIBRARY
        shutil.rmtree(folder, ignore_errors=True)
        model = write_project(design.network, design.schedule, design.board, design.record.io_type, folder)
        with quiet():
            model.compile()
    return Library(model, design.network)
