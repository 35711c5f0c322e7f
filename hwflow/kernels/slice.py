"""Slice: some channels of every token, or some tokens of a frame. It routes a beat a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.ops.base import MovementOp
from hwflow.kernels.base import HeadKernel, HlsCode, beats, width
from hwflow.kernels.code import config
from hwflow.kernels.route import phases, picked, tabulate
from hwflow.rtl.beats import finish
from hwflow.rtl.control import every
from hwflow.rtl.module import KernelModule
from hwflow.rtl.rows import flags
from hwflow.schedule.dataflow import Actor
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Slice(HeadKernel):
    """``head`` is the Slice."""

    kind = "slice"

    @cached_property
    def picked(self) -> IntArray:
        """Flat positions in the input of the elements of each beat out: (beats, width)."""
        source, output = self.tensor(self.inputs[0]), self.tensor(self.output)
        assert isinstance(self.core.op, MovementOp)
        moved = self.core.op.move([np.arange(source.size).reshape(1, *source.shape)])
        picked: IntArray = moved.reshape(beats(output), -1)
        return picked

    @property
    def channels_picked(self) -> IntArray:
        """Elements of a beat in that make a beat out."""
        channels: IntArray = self.picked[0] % width(self.tensor(self.inputs[0]))
        return channels

    @cached_property
    def kept(self) -> IntArray:
        """Whether each beat in gives a beat out."""
        source = self.tensor(self.inputs[0])
        return np.isin(np.arange(beats(source)), self.picked[:, 0] // width(source))

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,), sinks = self.sources, dict.fromkeys(self.sinks, 1)
        moves = [({source: 1}, sinks if kept else {}) for kept in self.kept]
        return [Actor(self.name, phases(moves), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, whole = module.pipeline, bool(self.kept.all())
        steps = module.actor("fire", 1, 1, module.room if whole else f"(!kept || ({module.room}))", [0])
        beat = picked(p, "picked", module.source(0), self.channels_picked)
        if whole:
            finish(module, beat, steps.active, 1, 1, "fire_start")
        else:
            kept = flags(p, "kept", self.kept[:, None], steps.active)
            finish(module, beat, every(p, "done", steps.active, kept), 1, 1, "fire_start && kept")
        return module

    def unrolled(self) -> tuple[Resources, int]:
        """Wires."""
        return Resources(), 0

    def hls(self, fold: Fold) -> HlsCode:
        source, output = self.tensor(self.inputs[0]), self.tensor(self.output)
        numbers = {"tokens": beats(source), "in": width(source), "out": width(output)}
        tables = tabulate(self.name, {"kept": self.kept, "channel": self.channels_picked})
        text = config(f"{self.name}_config", numbers, {}, tables.text)
        return HlsCode("slice.h", "slice", text, (), tables.weights)
