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
from hwflow.rtl.beats import finish, part_of
from hwflow.rtl.control import counter, every
from hwflow.rtl.matrix import matrix
from hwflow.rtl.module import KernelModule, Steps
from hwflow.rtl.reduce import accumulate, dot, tree
from hwflow.rtl.rows import constants, element_rows
from hwflow.rtl.shift_add import estimate
from hwflow.rtl.signal import Signal
from hwflow.schedule.costs import Cost
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources

HARDWIRED_LUTS = 150_000
"""Most that a matrix may take as shifts and adds: the solver needs some ten seconds for as many."""
_SHARED_AT_MOST = 4  # a matrix with a structure hardly takes less than this part of its estimate


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
        folds = [Fold(pe, simd, (n // pe) * (k // simd)) for pe in divisors(n) for simd in divisors(k)]
        return folds if self.beats > 1 or self._hardwired.resources.lut <= HARDWIRED_LUTS else folds[:-1]

    @cached_property
    def _hardwired(self) -> Cost:
        """Estimate of the whole matrix as shifts and adds."""
        assert self.weights.values is not None
        return estimate(self.weights.values, self.tensor(self.inputs[0]).type).cost

    def at_least(self, fold: Fold) -> Resources | None:
        """Of the whole matrix as shifts and adds: a small part of the estimate, for some matrices share much."""
        if fold.cycles > 1 or self.beats > 1:
            return None
        return Resources(lut=self._hardwired.resources.lut // _SHARED_AT_MOST)

    @property
    def full_fold(self) -> Fold:
        """The fold that does a beat at once, be it ever so large."""
        return Fold(self.out_width, self.in_width, 1)

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,) = self.sources
        gather = (Phase({source: 1}, {}, fold.cycles, self.beats - 1),) if self.beats > 1 else ()
        emit = Phase({source: 1}, dict.fromkeys(self.sinks, 1), fold.cycles)
        return [Actor(self.name, (*gather, emit), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, parts, groups = module.pipeline, self.in_width // fold.simd, self.out_width // fold.pe
        able = f"(!fire_round_last || ({module.room}))" if self.beats > 1 else module.room
        steps = module.actor("fire", self.beats, fold.cycles, able, [0])
        part_last = counter(p, "part", parts, steps.active) if parts > 1 else None
        total = self._sums(module, fold, steps)
        if parts > 1 or self.beats > 1:
            last = every(p, "sum_last", part_last, steps.round_last if self.beats > 1 else None)
            flags = (steps.active, last, part_last if self.beats > 1 else None)
            total = accumulate(p, "total", total, total.type, groups if self.beats > 1 else 1, flags)
        done = every(p, "done", steps.active, part_last, steps.round_last if self.beats > 1 else None)
        rows = element_rows(p, self.graph, fold.pe, (self.tokens, self.out_width), steps, done)
        rows.values[self.core.output] = total
        rows.run(self.tail)
        reserve = "fire_start && fire_round_last" if self.beats > 1 else "fire_start"
        finish(module, rows.values[self._last], done, groups, fold.cycles, reserve)
        return module

    @property
    def _last(self) -> str:
        return self.tail[-1].output if self.tail else self.core.output

    def _sums(self, module: KernelModule, fold: Fold, steps: Steps) -> Signal:
        """PE sums of the SIMD products of a step: weights from memory, or the whole matrix as shifts and adds."""
        assert self.weights.values is not None
        p, type = module.pipeline, self.tensor(self.core.output).type
        if fold.cycles == 1 and self.beats == 1:
            return matrix(module, module.source(0), self.weights, type)
        x = part_of(p, module.source(0), steps, fold.simd, fold.cycles)
        words = reorder_weights(self.weights.values, self.beats, fold.pe, fold.simd).reshape(-1, fold.pe * fold.simd)
        weights = constants(p, "weights", words, self.weights.type, steps.active)
        return tree(p, "sums", dot(p, "products", x, weights, (1, fold.pe, fold.simd)), fold.pe, type, "sum")

    def unrolled(self) -> tuple[Resources, int]:
        """The whole matrix as shifts and adds, for every beat out of the frame."""
        if self.full_fold in self.folds() and self.beats == 1:
            return super().unrolled()
        return self.tokens * self._hardwired.resources, max(1, self._hardwired.stages(self.clock_mhz))

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
