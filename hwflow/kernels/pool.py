"""Pool: sum or maximum over the tokens of a frame, with its element-wise tail (a mean is a sum and a shift)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.ops import ReduceSum
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HeadKernel, HlsCode, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, combine, config
from hwflow.rtl.arithmetic import Operation, accumulate, both, resize
from hwflow.rtl.beats import finish, unpack
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import element_rows
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


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
        (source,) = self.sources
        gather = (Phase({source: 1}, {}, fold.cycles, self.tokens - 1),) if self.tokens > 1 else ()
        emit = Phase({source: 1}, dict.fromkeys(self.sinks, 1), fold.cycles)
        return [Actor(self.name, (*gather, emit), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p = module.pipeline
        able = f"(!fire_round_last || ({module.room}))" if self.tokens > 1 else module.room
        steps = module.actor("fire", self.tokens, fold.cycles, able, [0])
        part = unpack(p, module.source(0), steps.active, steps.first, fold.cycles)
        operation: Operation = "sum" if isinstance(self.core.op, ReduceSum) else "max"
        flags = (steps.active, steps.round_first, None)
        total = accumulate(p, self.core.output, part, self.acc_type, fold.cycles, flags, operation)
        result = self.tensor(self.core.output).type
        total = total if total.type == result else resize(p, f"{self.core.output}_result", total, result)
        done = both(p, "done", p.at(steps.active, total.cycle), p.at(steps.round_last, total.cycle))
        rows = element_rows(p, self.graph, fold.simd, (1, self.width), steps, done)
        rows.values[self.core.output] = total
        rows.run(self.tail)
        reserve = "fire_start && fire_round_last"
        finish(module, rows.values[self.nodes[-1].output], done, fold.cycles, fold.cycles, reserve)
        return module

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        acc, element = self.acc_type, self.tensor(self.inputs[0]).type
        apply = writer.element(self.tail, [self.core.output], self.output)
        body = combine("sum" if isinstance(self.core.op, ReduceSum) else "max", acc, element) + apply
        numbers = {"tokens": self.tokens, "width": self.width, "cycles": fold.cycles}
        text = config(f"{self.name}_config", numbers, {"acc_t": acc}, body)
        return HlsCode("pool.h", "pool", text, (), writer.tables)
