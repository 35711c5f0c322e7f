"""Pool: sum or maximum over the tokens of a frame, with its element-wise tail (a mean is a sum and a shift)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.ops import ReduceSum
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HeadKernel, HlsCode, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, combine, config
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Pool(HeadKernel):
    """``head`` is the reduction over the token axis; ``tail`` the element-wise nodes behind it."""

    kind = "pool"

    @property
    def acc_type(self) -> FixedType:
        """Partial sums may wrap to the type of the result; a maximum must hold the smaller elements too."""
        result = self.core.output if isinstance(self.core.op, ReduceSum) else self.inputs[0]
        return self.tensor(result).type

    @property
    def tokens(self) -> int:
        return beats(self.tensor(self.inputs[0]))

    @property
    def width(self) -> int:
        return width(self.tensor(self.inputs[0]))

    def folds(self) -> Sequence[Fold]:
        return simd_folds(self.width)

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,), (sink,) = self.sources, self.sinks
        gather = (Phase({source: 1}, {}, fold.cycles, self.tokens - 1),) if self.tokens > 1 else ()
        emit = Phase({source: 1}, {sink: 1}, fold.cycles)
        return [Actor(self.name, (*gather, emit), fold.cycles + self.datapath(fold)[1])]

    def resources(self, fold: Fold) -> Resources:
        acc = self.acc_type.width
        return self.datapath(fold)[0] + Resources(ff=self.width * acc)

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        acc = self.acc_type.width
        step = costs.adder(acc) if isinstance(self.core.op, ReduceSum) else costs.maximum(acc)
        cost = (fold.simd * step).then(chain(self.graph, self.tail, fold.simd))
        return pipelined(cost, fold.simd * acc, self.clock_mhz)

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        acc, element = self.acc_type, self.tensor(self.inputs[0]).type
        apply = writer.element(self.tail, [self.core.output], self.output)
        body = combine("sum" if isinstance(self.core.op, ReduceSum) else "max", acc, element) + apply
        numbers = {"tokens": self.tokens, "width": self.width, "cycles": fold.cycles}
        text = config(f"{self.name}_config", numbers, {"acc_t": acc}, body)
        return HlsCode("pool.h", "pool", text, (), writer.tables)
