"""Window: the pixels under a kernel that slides over an image, for convolutions and local pools.

H * W beats in, one pixel each, row by row; a beat out for every tap of every window, one a cycle. Rows lie in a ring:
a loader fills it while an emitter reads, and credits for rows go between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.ops import Window as WindowOp
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HlsCode, Kernel, width
from hwflow.kernels.code import config
from hwflow.kernels.line_buffer import LineBuffer
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import constants, vector
from hwflow.rtl.signal import Signal, flag
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Window(Kernel):
    """``nodes`` end in the Window op; its input is an image (H, W, C)."""

    kind = "window"

    @cached_property
    def buffer(self) -> LineBuffer:
        """The rows that it keeps."""
        op = self.nodes[-1].op
        assert isinstance(op, WindowOp)
        height, columns, _ = self.tensor(self.nodes[-1].inputs[0]).shape
        return LineBuffer(op, height, columns)

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        return [
            Actor(f"{self.name}.load", tuple(self._loads()), 1),
            Actor(f"{self.name}.emit", tuple(self._emits()), self.rtl(fold).depth, {f"{self.name}.free": 1}),
        ]

    def _loads(self) -> Iterator[Phase]:
        (source,) = self.sources
        for kept in self.buffer.kept:
            before, after = {source: 1, f"{self.name}.free": int(kept)}, {f"{self.name}.full": int(kept)}
            yield from _row(self.buffer.width, {source: 1}, {}, before, after)

    def _emits(self) -> Iterator[Phase]:
        sinks = dict.fromkeys(self.sinks, 1)
        for awaited, freed in zip(self.buffer.awaited, self.buffer.freed, strict=True):
            before, after = {f"{self.name}.full": awaited}, {**sinks, f"{self.name}.free": freed}
            yield from _row(self.buffer.row_beats, {}, sinks, before, after)

    def channels(self, fold: Fold) -> Sequence[Channel]:
        slots = self.buffer.slots
        return [Channel(f"{self.name}.full", slots), Channel(f"{self.name}.free", slots, slots)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, b, source = module.pipeline, self.buffer, module.source(0)
        load = module.actor("load", 1, 1, "load_able", [0])
        emit = module.actor("emit", 1, 1, f"emit_able && {module.room}", [])
        module.nets += [
            "    logic load_able, emit_able;",
            "    /* verilator lint_off UNUSEDSIGNAL */  // rows with the same constants need neither",
            "    logic load_end, emit_end;",
            "    /* verilator lint_on UNUSEDSIGNAL */",
        ]
        kept = self._constants(module, "kept", np.array(b.kept), 1, "load_end")
        credit, address = b.slots.bit_length(), (b.slots * b.width - 1).bit_length()
        awaited, freed = np.array(b.awaited), np.array(b.freed)
        places = freed * b.width % (b.slots * b.width)
        words = awaited | freed << credit | places << 2 * credit
        rows = self._constants(module, "rows", words, 2 * credit + address, "emit_end")
        ports = {
            "clk": "clk", "rst": "rst", "load": load.active.name, "kept": kept, "pixel": source.name,
            "load_able": "load_able", "load_end": "load_end", "emit": emit.active.name,
            "awaited": f"{rows}[0+:{credit}]", "freed": f"{rows}[{credit}+:{credit}]",
            "places": f"{rows}[{2 * credit}+:{address}]", "emit_able": "emit_able", "emit_end": "emit_end", "y": "y",
        }  # fmt: skip
        p.instance("hwflow_window", "window", self._parameters(source.bits), ports)
        p.spend(costs.window(b.slots * b.width, source.bits, b.counter_bits))
        y = p.declare(Signal("y", source.lanes, source.type, 1, costs.block_ps(b.slots * b.width)))
        module.sink(y, emit.active, "emit_start")
        module.depth = 1 + y.cycle
        return module

    def _parameters(self, bits: int) -> dict[str, object]:
        b = self.buffer
        return {
            "WIDTH": bits, "ROWS": b.height, "COLS": b.width, "KERNEL_ROWS": b.op.kernel[0],
            "KERNEL_COLS": b.op.kernel[1], "STRIDE_ROWS": b.op.stride[0], "STRIDE_COLS": b.op.stride[1],
            "TOP": b.op.pads[0], "LEFT": b.op.pads[1], "OUT_ROWS": b.out_height, "OUT_COLS": b.out_width,
            "SLOTS": b.slots,
        }  # fmt: skip

    @staticmethod
    def _constants(module: KernelModule, name: str, words: IntArray, bits: int, advance: str) -> str:
        """The net of a constant for each row: the next one on ``advance``."""
        p, type = module.pipeline, FixedType(False, bits, 0)
        if (words == words[0]).all():
            p.declare(Signal(name, 1, type))
            p.lines.append(f"    assign {name} = {vector(words[:1], bits)};")
            return name
        return constants(p, name, words.reshape(-1, 1), type, flag(advance)).name

    def unrolled(self) -> tuple[Resources, int]:
        """Wires only."""
        return Resources(), 0

    def hls(self, fold: Fold) -> HlsCode:
        b = self.buffer
        numbers = {
            "channels": width(self.tensor(self.output)), "height": b.height, "width": b.width,
            "kernel_height": b.op.kernel[0], "kernel_width": b.op.kernel[1],
            "stride_height": b.op.stride[0], "stride_width": b.op.stride[1], "top": b.op.pads[0], "left": b.op.pads[1],
            "out_height": b.out_height, "out_width": b.out_width, "slots": b.slots, "steps": b.steps,
        }  # fmt: skip
        return HlsCode("window.h", "window", config(f"{self.name}_config", numbers, {}, ""))


def _row(
    beats: int, takes: dict[str, int], gives: dict[str, int], before: dict[str, int], after: dict[str, int]
) -> Iterator[Phase]:
    """Firings of a row: the first one takes ``before``, the last one gives ``after``."""
    if beats == 1:
        yield Phase(takes | before, gives | after)
        return
    yield Phase(takes | before, gives)
    if beats > 2:
        yield Phase(takes, gives, 1, beats - 2)
    yield Phase(takes, gives | after)
