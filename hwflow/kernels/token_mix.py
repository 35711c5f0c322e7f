"""TokenMix: a constant k x T matrix times the tokens of a frame (Linformer's projection of keys and values).

Source: Wang et al., "Linformer: Self-Attention with Linear Complexity", arXiv 2006.04768.
T beats in, then k beats out; each of E elements. SIMD elements of a beat are worked on a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwflow.ir.graph import Tensor
from hwflow.kernels.base import HeadKernel, HlsCode, HlsWeight, beats, simd_folds, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.rtl.beats import interleave, pack, part_of, unpack
from hwflow.rtl.control import every, hold
from hwflow.rtl.module import KernelModule
from hwflow.rtl.reduce import accumulate, dot
from hwflow.rtl.rows import Rows, recurring
from hwflow.rtl.signal import Signal
from hwflow.rtl.wires import wide
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold


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
        (source,), sinks = self.sources, dict.fromkeys(self.sinks, 1)
        full, free = f"{self.name}.full", f"{self.name}.free"
        gather = (Phase({source: 1}, {}, fold.cycles, self.tokens - 1),) if self.tokens > 1 else ()
        phases = (*gather, Phase({source: 1, free: 1}, {full: 1}, fold.cycles))
        rows = self.weights.shape[0]
        emit = (Phase({full: 1}, {**sinks, free: 1}), *((Phase({}, sinks, 1, rows - 1),) if rows > 1 else ()))
        return [
            Actor(f"{self.name}.gather", phases, self.rtl(fold).delays["full"]),
            Actor(f"{self.name}.emit", emit, 1, {free: 1}),
        ]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, (rows, tokens), type = module.pipeline, self.weights.shape, self.tensor(self.core.output).type
        free = module.credits("free", 1, 1, "emit_start && emit_round_first", "gather_start && gather_round_last")
        steps = module.actor("gather", tokens, fold.cycles, f"(!gather_round_last || {free})", [0])
        part = part_of(p, module.source(0), steps, fold.simd, fold.cycles)
        token_end = every(p, "token_end", steps.active, steps.last if fold.cycles > 1 else None)
        assert self.weights.values is not None
        column = recurring(p, "weights", self.weights.values.T, self.weights.type, token_end)
        products = dot(p, "products", part, wide(p, column, rows * fold.simd), (1, rows, fold.simd))
        total = accumulate(p, "total", products, type, fold.cycles, (steps.active, steps.round_last, None))
        done = every(p, "done", p.at(steps.active, total.cycle), p.at(steps.round_last, total.cycle))
        tail = Rows(
            p, self.graph, 1, rows * fold.simd, 1, 1, done, steps.last, (1, rows, self.width),
            lambda v: v.reshape(rows, fold.cycles, fold.simd).swapaxes(0, 1).reshape(fold.cycles, -1),
        )  # fmt: skip
        tail.values[self.core.output] = total
        tail.run(self.tail)
        whole, write = pack(p, "frame", tail.values[self.nodes[-1].output], done, fold.cycles)
        bank = hold(p, "bank", interleave(p, "frame_rows", whole, fold.cycles, rows), write)
        module.delays["full"] = fold.cycles + whole.cycle
        self._emit(module, bank, write, rows)
        return module

    def _emit(self, module: KernelModule, bank: Signal, write: Signal, rows: int) -> None:
        """Rows leave one a cycle; the bank is free for the next frame as soon as the first has left."""
        p = module.pipeline
        full = module.credits("full", 1, 0, write.name, "emit_start && emit_round_first")
        out = module.actor("emit", rows, 1, f"(!emit_round_first || {full}) && {module.room}", [])
        bank = replace(bank, cycle=0)
        row = unpack(p, bank, out.active, out.round_first, rows)
        module.sink(row, out.active, "emit_start")
        module.depth = 1

    def channels(self, fold: Fold) -> Sequence[Channel]:
        return [Channel(f"{self.name}.full", 1), Channel(f"{self.name}.free", 1, 1)]

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
