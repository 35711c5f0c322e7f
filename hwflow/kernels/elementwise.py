"""Elementwise: residual sums, tables, requantisers over streams that run in step. SIMD elements a cycle.

A stream of one token beside others of more is taken with the first token of a frame and held (the factors of
squeeze-and-excite).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.rtl.beats import finish, hold_frame, unpack
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import element_rows
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


@dataclass(frozen=True)
class Elementwise(Kernel):
    """``nodes`` are element-wise ops over one or more inputs of the shape of the output, or of one token."""

    kind = "elementwise"

    @property
    def tokens(self) -> int:
        return beats(self.tensor(self.output))

    @property
    def held(self) -> tuple[int, ...]:
        """The ports that bring one token for the whole frame."""
        return tuple(i for i, id in enumerate(self.inputs) if beats(self.tensor(id)) < self.tokens)

    def folds(self) -> Sequence[Fold]:
        return simd_folds(width(self.tensor(self.output)))

    def actors(self, fold: Fold) -> Sequence[Actor]:
        sinks, depth = dict.fromkeys(self.sinks, 1), self.rtl(fold).depth
        first = Phase(dict.fromkeys(self.sources, 1), sinks, fold.cycles)
        if not self.held:
            return [Actor(self.name, (first,), depth)]
        streams = {source: 1 for i, source in enumerate(self.sources) if i not in self.held}
        return [Actor(self.name, (first, Phase(streams, sinks, fold.cycles, self.tokens - 1)), depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, held = module.pipeline, dict.fromkeys(self.held, "fire_round_first")
        streams = [i for i in range(len(self.inputs)) if i not in held]
        steps = module.actor("fire", self.tokens if held else 1, fold.cycles, module.room, streams, held)
        rows = element_rows(p, self.graph, fold.simd, (self.tokens, width(self.tensor(self.output))), steps)
        for port in streams:
            rows.values[self.inputs[port]] = unpack(p, module.source(port), steps.active, steps.first, fold.cycles)
        for port in held:
            rows.values[self.inputs[port]] = hold_frame(p, module.source(port), steps, fold.cycles)
        rows.run(self.nodes)
        finish(module, rows.values[self.nodes[-1].output], steps.active, fold.cycles, fold.cycles, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.element(self.nodes, self.inputs, self.output)
        held = sum(1 << port for port in self.held)
        numbers = {
            "tokens": self.tokens, "width": width(self.tensor(self.output)), "cycles": fold.cycles, "held": held,
        }  # fmt: skip
        text = config(f"{self.name}_config", numbers, {}, body)
        return HlsCode("elementwise.h", "elementwise", text, (), writer.tables)
