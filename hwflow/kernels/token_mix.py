"""TokenMix: a constant k x T matrix times the tokens of a frame (Linformer's projection of keys and values).

Source: Wang et al., "Linformer: Self-Attention with Linear Complexity", arXiv 2006.04768.
T beats in, then k beats out; each of E elements. SIMD elements of a beat are worked on a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import Tensor
from hwflow.kernels.base import HeadKernel, HlsCode, HlsWeight, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class TokenMix(HeadKernel):
    """``head`` is the MatMul with the constant on the left; ``tail`` the element-wise nodes behind it."""

    kind = "token_mix"

    @property
    def weights(self) -> Tensor:
        """The constant (k, T)."""
        return self.tensor(self.core.inputs[0])

    @property
    def tokens(self) -> int:
        return beats(self.tensor(self.inputs[0]))

    @property
    def width(self) -> int:
        return width(self.tensor(self.inputs[0]))

    @property
    def macs(self) -> int:
        return self.weights.size * self.width

    def folds(self) -> Sequence[Fold]:
        return simd_folds(self.width)

    def actors(self, fold: Fold) -> Sequence[Actor]:
        """An accumulator and an emitter: the next frame is gathered while the last one leaves."""
        (source,), (sink,) = self.sources, self.sinks
        full, free = f"{self.name}.full", f"{self.name}.free"
        stages = self.datapath(fold)[1]
        gather = Phase({source: 1}, {}, fold.cycles, self.tokens - 1)
        phases = (gather, Phase({source: 1, free: 1}, {full: 1}, fold.cycles))
        rows = self.weights.shape[0]
        emit = (Phase({full: 1}, {sink: 1, free: 1}), *((Phase({}, {sink: 1}, 1, rows - 1),) if rows > 1 else ()))
        last = phases if self.tokens > 1 else phases[1:]
        return [
            Actor(f"{self.name}.gather", last, fold.cycles - 1 + stages),
            Actor(f"{self.name}.emit", emit, 2, {free: 1}),
        ]

    def channels(self, fold: Fold) -> Sequence[Channel]:
        return [Channel(f"{self.name}.full", 1), Channel(f"{self.name}.free", 1, 1)]

    def resources(self, fold: Fold) -> Resources:
        acc, out = (self.tensor(i).type.width for i in (self.core.output, self.output))
        rows = self.weights.shape[0]
        words = self.tokens
        rom = costs.rom(words, rows * self.weights.type.width).resources
        return self.datapath(fold)[0] + rom + Resources(ff=rows * self.width * (acc + out))

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        x, w, acc = self.tensor(self.inputs[0]).type, self.weights.type, self.tensor(self.core.output).type
        lane = costs.multiplier(x.width + (not x.signed), w.width + (not w.signed)).then(costs.adder(acc.width))
        lanes = fold.simd * self.weights.shape[0]
        cost = (lanes * lane).then(chain(self.graph, self.tail, fold.simd))
        return pipelined(cost, lanes * acc.width, self.clock_mhz)

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        apply = writer.element(self.tail, [self.core.output], self.output)
        rows = self.weights.shape[0]
        numbers = {"tokens": self.tokens, "rows": rows, "width": self.width, "cycles": fold.cycles}
        types = {"acc_t": self.tensor(self.core.output).type}
        assert self.weights.values is not None
        weights = HlsWeight(f"{self.name}_weights", self.weights.values.ravel(), self.weights.type)
        text = config(f"{self.name}_config", numbers, types, apply)
        return HlsCode("token_mix.h", "token_mix", text, (weights,), writer.tables)
