"""Row: one token in, one token out, with reductions over its channels: softmax, LayerNorm, RMSNorm.

SIMD elements a cycle; the next token may start every D / SIMD cycles, each stage of the row being pipelined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.ops import Mul, ReduceMax, ReduceSum
from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Row(Kernel):
    """``nodes`` are element-wise ops and reductions over the last axis, from one input."""

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
        (source,), (sink,) = self.sources, self.sinks
        passes = 1 + sum(isinstance(n.op, (ReduceSum, ReduceMax)) for n in self.nodes)
        depth = passes * (fold.cycles - 1) + self.datapath(fold)[1] + 1
        return [Actor(self.name, (Phase({source: 1}, {sink: 1}, fold.cycles),), depth)]

    def resources(self, fold: Fold) -> Resources:
        return self.datapath(fold)[0]

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        source = self.tensor(self.inputs[0])
        row_bits = width(source) * source.type.width
        return pipelined(chain(self.graph, self.nodes, fold.simd), row_bits, self.clock_mhz)

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.row(self.nodes, self.inputs[0], self.output)
        source, output = self.tensor(self.inputs[0]), self.tensor(self.output)
        numbers = {
            "tokens": beats(source), "width": width(source), "out": width(output), "cycles": fold.cycles,
        }  # fmt: skip
        text = config(f"{self.name}_config", numbers, {}, body)
        return HlsCode(f"{self.function}.h", self.function, text, (), writer.tables)
