"""Row: one token in, one token out, with reductions over its channels: softmax, LayerNorm, RMSNorm.

SIMD elements a cycle; the next token may start every D / SIMD cycles, each stage of the row being pipelined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.ops import Mul
from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.rtl.beats import finish, unpack
from hwflow.rtl.control import both
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import element_rows
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


@dataclass(frozen=True)
class Row(Kernel):
    """``nodes`` are element-wise ops and reductions over the last axis, from inputs of one shape."""

    kind = "row"

    @property
    def is_softmax(self) -> bool:
        """A normalisation squares the row, a softmax does not."""
        return not any(isinstance(n.op, Mul) and len({*n.inputs}) == 1 for n in self.nodes)

    @property
    def function(self) -> str:
        """The template that computes it."""
        return "softmax" if self.is_softmax else "layer_norm"

    def folds(self) -> Sequence[Fold]:
        return simd_folds(width(self.tensor(self.inputs[0])))

    def actors(self, fold: Fold) -> Sequence[Actor]:
        phase = Phase(dict.fromkeys(self.sources, 1), dict.fromkeys(self.sinks, 1), fold.cycles)
        return [Actor(self.name, (phase,), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, source, ports = module.pipeline, self.tensor(self.inputs[0]), range(len(self.inputs))
        steps = module.actor("fire", 1, fold.cycles, module.room, ports)
        rows = element_rows(p, self.graph, fold.simd, (beats(source), width(source)), steps, steps_in_row=fold.cycles)
        for port, id in enumerate(self.inputs):
            rows.values[id] = unpack(p, module.source(port), steps.active, steps.first, fold.cycles)
        rows.run(self.nodes)
        out = rows.values[self.nodes[-1].output]
        if width(self.tensor(self.output)) < width(source):  # one number a row, there once the row is over
            finish(module, out, both(p, "whole", steps.active, steps.first), 1, 1, "fire_start")
        else:
            finish(module, out, steps.active, fold.cycles, fold.cycles, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.row(self.nodes, self.inputs, self.output)
        source, output = self.tensor(self.inputs[0]), self.tensor(self.output)
        numbers = {
            "tokens": beats(source), "width": width(source), "out": width(output), "cycles": fold.cycles,
        }  # fmt: skip
        text = config(f"{self.name}_config", numbers, {}, body)
        return HlsCode(f"{self.function}.h", self.function, text, (), writer.tables)
