"""Elementwise: residual sums, tables, requantisers over streams that run in step. SIMD elements a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Elementwise(Kernel):
    """``nodes`` are element-wise ops over one or more inputs of the same shape."""

    kind = "elementwise"

    def folds(self) -> Sequence[Fold]:
        return simd_folds(width(self.tensor(self.output)))

    def actors(self, fold: Fold) -> Sequence[Actor]:
        phase = Phase(dict.fromkeys(self.sources, 1), dict.fromkeys(self.sinks, 1), fold.cycles)
        return [Actor(self.name, (phase,), fold.cycles + self.datapath(fold)[1])]

    def resources(self, fold: Fold) -> Resources:
        return self.datapath(fold)[0]

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        bits = fold.simd * self.tensor(self.output).type.width
        return pipelined(chain(self.graph, self.nodes, fold.simd), bits, self.clock_mhz)

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.element(self.nodes, self.inputs, self.output)
        output = self.tensor(self.output)
        numbers = {"tokens": beats(output), "width": width(output), "cycles": fold.cycles}
        text = config(f"{self.name}_config", numbers, {}, body)
        return HlsCode("elementwise.h", "elementwise", text, (), writer.tables)
