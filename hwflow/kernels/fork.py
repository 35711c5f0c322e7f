"""Fork: one stream to several consumers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.kernels.base import HlsCode, Kernel, beats
from hwflow.kernels.code import config
from hwflow.rtl.beats import finish
from hwflow.rtl.module import KernelModule
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


@dataclass(frozen=True)
class Fork(Kernel):
    """A beat goes to every sink at once; it covers no integer node."""

    kind = "fork"

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        return [Actor(self.name, (Phase({self.sources[0]: 1}, dict.fromkeys(self.sinks, 1)),), 1)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        steps = module.actor("fire", 1, 1, module.room, [0])
        finish(module, module.source(0), steps.active, 1, 1, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        text = config(f"{self.name}_config", {"tokens": beats(self.tensor(self.output))}, {}, "")
        return HlsCode("fork.h", "fork", text)
