"""Split and Join: beats as several narrower ones, and back. Folded tokens of (T, D) are (T * N, D / N) to a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.kernels.base import HeadKernel, HlsCode, beats, width
from hwflow.kernels.code import config
from hwflow.kernels.route import phases
from hwflow.rtl.beats import finish, unpack
from hwflow.rtl.module import KernelModule
from hwflow.schedule.dataflow import Actor
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Resize(HeadKernel):
    """``head`` is a Reshape between (T, D) and (T * ``parts``, D / ``parts``)."""

    @property
    def parts(self) -> int:
        """Narrow beats in a wide one."""
        widths = [width(self.tensor(id)) for id in (self.inputs[0], self.output)]
        return max(widths) // min(widths)

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def unrolled(self) -> tuple[Resources, int]:
        """Wires."""
        return Resources(), 0

    def hls(self, fold: Fold) -> HlsCode:
        source, output = self.tensor(self.inputs[0]), self.tensor(self.output)
        tokens = min(beats(source), beats(output))
        numbers = {"tokens": tokens, "parts": self.parts, "in": width(source), "out": width(output)}
        return HlsCode("reshape.h", self.kind, config(f"{self.name}_config", numbers, {}, ""))


@dataclass(frozen=True)
class Split(Resize):
    """Takes a beat, gives its parts, one a cycle."""

    kind = "split"

    def actors(self, fold: Fold) -> Sequence[Actor]:
        sinks = dict.fromkeys(self.sinks, 1)
        moves = [({self.sources[0]: 1}, sinks), *[({}, sinks)] * (self.parts - 1)]
        return [Actor(self.name, phases(moves), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        steps = module.actor("fire", self.parts, 1, module.room, [], {0: "fire_round_first"})
        part = unpack(module.pipeline, module.source(0), steps.active, steps.round_first, self.parts)
        finish(module, part, steps.active, 1, 1, "fire_start")
        return module


@dataclass(frozen=True)
class Join(Resize):
    """Takes the parts of a beat, one a cycle, and gives it with the last."""

    kind = "join"

    def actors(self, fold: Fold) -> Sequence[Actor]:
        source, sinks = {self.sources[0]: 1}, dict.fromkeys(self.sinks, 1)
        return [Actor(self.name, phases([*[(source, {})] * (self.parts - 1), (source, sinks)]), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        steps = module.actor("fire", self.parts, 1, f"(!fire_round_last || ({module.room}))", [0])
        finish(module, module.source(0), steps.active, self.parts, 1, "fire_start && fire_round_last")
        return module
