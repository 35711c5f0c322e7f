"""Pool: sum or maximum over the tokens of a frame, or of each group of them, with its element-wise tail.

A group is the last axis but one: (tokens, D) has one, the windows of an image (OH, OW, taps, D) one each. With a factor
for each token and channel in front it is a depthwise convolution; a mean is a sum and a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import Node
from hwflow.ir.ops import ReduceSum
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HeadKernel, HlsCode, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, combine, config
from hwflow.rtl.beats import finish, unpack
from hwflow.rtl.control import every
from hwflow.rtl.module import KernelModule
from hwflow.rtl.reduce import Operation, accumulate
from hwflow.rtl.rows import element_rows
from hwflow.rtl.wires import resize
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Pool(HeadKernel):
    """``head`` is the reduction, ``tail`` the element-wise nodes behind it, ``front`` the product in front, if any."""

    kind = "pool"
    front: tuple[Node, ...] = ()

    @property
    def acc_type(self) -> FixedType:
        """Partial sums may wrap to the type of the result; a maximum must hold the smaller elements too."""
        result = self.core.output if isinstance(self.core.op, ReduceSum) else self.core.inputs[0]
        return self.tensor(result).type

    @property
    def tokens(self) -> int:
        """Beats in for one beat out."""
        return self.tensor(self.inputs[0]).shape[-2]

    @property
    def groups(self) -> int:
        """Beats out of a frame."""
        return beats(self.tensor(self.inputs[0])) // self.tokens

    @property
    def width(self) -> int:
        return width(self.tensor(self.inputs[0]))

    @property
    def macs(self) -> int:
        return self.tensor(self.inputs[0]).size if self.front else 0

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
        front = element_rows(p, self.graph, fold.simd, (self.tokens, self.width), steps)
        front.values[self.inputs[0]] = unpack(p, module.source(0), steps.active, steps.first, fold.cycles)
        front.run(self.front)
        operation: Operation = "sum" if isinstance(self.core.op, ReduceSum) else "max"
        flags = (steps.active, steps.round_last, None)
        part = front.values[self.core.inputs[0]]
        total = accumulate(p, self.core.output, part, self.acc_type, fold.cycles, flags, operation)
        result = self.tensor(self.core.output).type
        total = total if total.type == result else resize(p, f"{self.core.output}_result", total, result)
        done = every(p, "done", p.at(steps.active, total.cycle), p.at(steps.round_last, total.cycle))
        rows = element_rows(p, self.graph, fold.simd, (self.groups, self.width), steps, done)
        rows.values[self.core.output] = total
        rows.run(self.tail)
        reserve = "fire_start && fire_round_last"
        finish(module, rows.values[self.nodes[-1].output], done, fold.cycles, fold.cycles, reserve)
        return module

    def unrolled(self) -> tuple[Resources, int]:
        """Every token of every group at once."""
        resources, stages = super().unrolled()
        return self.tokens * resources, stages

    def hls(self, fold: Fold) -> HlsCode:
        writer = FunctionWriter(self.name, self.graph)
        body = writer.element(self.front, [self.inputs[0]], self.core.inputs[0], "term")
        acc, element = self.acc_type, self.tensor(self.core.inputs[0]).type
        body += combine("sum" if isinstance(self.core.op, ReduceSum) else "max", acc, element)
        body += writer.element(self.tail, [self.core.output], self.output)
        numbers = {"groups": self.groups, "tokens": self.tokens, "width": self.width, "cycles": fold.cycles}
        text = config(f"{self.name}_config", numbers, {"acc_t": acc}, body)
        return HlsCode("pool.h", "pool", text, (), writer.tables)
