"""Elementwise: residual sums, tables, requantisers over streams that run in step. SIMD elements a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.rtl.beats import finish, unpack
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import element_rows
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


@dataclass(frozen=True)
class Elementwise(Kernel):
    """``nodes`` are element-wise ops over one or more inputs of the same shape."""

    kind = "elementwise"

    def folds(self) -> Sequence[Fold]:
        return simd_folds(width(self.tensor(self.output)))

    def actors(self, fold: Fold) -> Sequence[Actor]:
        phase = Phase(dict.fromkeys(self.sources, 1), dict.fromkeys(self.sinks, 1), fold.cycles)
        return [Actor(self.name, (phase,), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, ports = module.pipeline, range(len(self.inputs))
        steps = module.actor("fire", 1, fold.cycles, module.room, ports)
        out = self.tensor(self.output)
        rows = element_rows(p, self.graph, fold.simd, (beats(out), width(out)), steps)
        for port, id in enumerate(self.inputs):
            rows.values[id] = unpack(p, module.source(port), steps.active, steps.first, fold.cycles)
        rows.run(self.nodes)
        finish(module, rows.values[self.nodes[-1].output], steps.active, fold.cycles, fold.cycles, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.element(self.nodes, self.inputs, self.output)
        output = self.tensor(self.output)
        numbers = {"tokens": beats(output), "width": width(output), "cycles": fold.cycles}
        text = config(f"{self.name}_config", numbers, {}, body)
        return HlsCode("elementwise.h", "elementwise", text, (), writer.tables)
