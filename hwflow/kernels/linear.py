"""Linear: a constant matrix times each token, or times the flattened frame, with its element-wise tail.

Beat in K elements, beat out N elements after ``beats`` beats in. PE divides N, SIMD divides K;
a beat takes (N / PE) * (K / SIMD) cycles. The matrix-vector unit of FINN (Umuroglu et al., FPGA 2017) folds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hwflow.ir.graph import Tensor
from hwflow.kernels.base import HeadKernel, HlsCode, HlsWeight, beats, divisors, width
from hwflow.kernels.code import FunctionWriter, config, reorder_weights
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Linear(HeadKernel):
    """``head`` is the MatMul; ``tail`` the element-wise nodes behind it."""

    kind = "linear"

    @cached_property
    def weights(self) -> Tensor:
        """The constant (beats * K, N)."""
        return self.tensor(self.core.inputs[1])

    @property
    def in_width(self) -> int:
        return width(self.tensor(self.inputs[0]))

    @property
    def out_width(self) -> int:
        return self.weights.shape[1]

    @property
    def beats(self) -> int:
        """Beats in for one beat out."""
        return self.weights.shape[0] // self.in_width

    @property
    def tokens(self) -> int:
        """Beats out of a frame."""
        return beats(self.tensor(self.inputs[0])) // self.beats

    @property
    def macs(self) -> int:
        return self.tokens * self.weights.size

    def folds(self) -> Sequence[Fold]:
        k, n = self.in_width, self.out_width
        return [Fold(pe, simd, (n // pe) * (k // simd)) for pe in divisors(n) for simd in divisors(k)]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,), (sink,) = self.sources, self.sinks
        gather = (Phase({source: 1}, {}, fold.cycles, self.beats - 1),) if self.beats > 1 else ()
        emit = Phase({source: 1}, {sink: 1}, fold.cycles)
        return [Actor(self.name, (*gather, emit), fold.cycles - 1 + self.datapath(fold)[1] + 1)]

    def resources(self, fold: Fold) -> Resources:
        return self.datapath(fold)[0] + self._memory(fold)

    def unrolled(self) -> tuple[Resources, int]:
        """The whole matrix as shifts and adds, for every beat out of the frame."""
        lanes = self.tokens * self.out_width
        tails = lanes * chain(self.graph, self.tail, 1)
        cost = (self.tokens * self._shifts_and_adds).then(tails)
        return pipelined(cost, lanes * self.tensor(self.core.output).type.width, self.clock_mhz)

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        """PE trees of SIMD products with accumulators, or the whole matrix as shifts and adds; and the tails."""
        acc = self.tensor(self.core.output).type
        tails = fold.pe * chain(self.graph, self.tail, 1)
        products = self._shifts_and_adds if fold.cycles == 1 and self.beats == 1 else fold.pe * self._lane(fold.simd)
        return pipelined(products.then(tails), fold.pe * acc.width, self.clock_mhz)

    def _lane(self, simd: int) -> costs.Cost:
        """SIMD products with weights from memory, their tree and the accumulator."""
        x, w = self.tensor(self.inputs[0]).type, self.weights.type
        acc = self.tensor(self.core.output).type
        product = costs.multiplier(x.width + (not x.signed), w.width + (not w.signed))
        tree = costs.adder_tree(simd, min(x.width + w.width, acc.width))
        return (simd * product).then(tree).then(costs.adder(acc.width))

    @cached_property
    def _shifts_and_adds(self) -> costs.Cost:
        assert self.weights.values is not None
        return costs.constant_matrix(self.tensor(self.inputs[0]).type.width, self.weights.values)

    def _memory(self, fold: Fold) -> Resources:
        """Weights, the beat that is being read, the accumulators and the beat that is being gathered."""
        x, acc, out = (self.tensor(i).type.width for i in (self.inputs[0], self.core.output, self.output))
        words = self.weights.size // (fold.pe * fold.simd)
        rom = costs.rom(words, fold.pe * fold.simd * self.weights.type.width).resources if words > 1 else Resources()
        held = self.out_width * (acc + out) + self.in_width * x if words > 1 else self.out_width * out
        return rom + Resources(ff=held)

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        apply = writer.element(self.tail, [self.core.output], self.output)
        numbers = {
            "in": self.in_width, "out": self.out_width, "tokens": self.tokens, "beats": self.beats,
            "pe": fold.pe, "simd": fold.simd,
        }  # fmt: skip
        types = {"acc_t": self.tensor(self.core.output).type}
        assert self.weights.values is not None
        weights = reorder_weights(self.weights.values, self.beats, fold.pe, fold.simd)
        return HlsCode(
            "linear.h",
            "linear",
            config(f"{self.name}_config", numbers, types, apply),
            (HlsWeight(f"{self.name}_weights", weights, self.weights.type),),
            writer.tables,
        )
