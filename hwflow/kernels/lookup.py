"""Lookup: for each token the row of a table, read from one memory as wide as a beat: an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.ops import Clamp
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HeadKernel, HlsCode, HlsWeight, beats, width
from hwflow.kernels.code import config
from hwflow.rtl.beats import finish
from hwflow.rtl.module import KernelModule
from hwflow.rtl.narrow import clamp
from hwflow.rtl.rows import memory
from hwflow.schedule.dataflow import Actor, Phase
from hwflow.schedule.kernel import Fold


@dataclass(frozen=True)
class Lookup(HeadKernel):
    """``head`` is the Lookup. A number without a row takes the nearest."""

    kind = "lookup"

    @cached_property
    def rows(self) -> IntArray:
        """The table as far as tokens reach: (rows, width)."""
        values = self.tensor(self.core.inputs[1]).values
        assert values is not None
        rows: IntArray = values[: self.tensor(self.inputs[0]).type.hi + 1]
        return rows

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,) = self.sources
        return [Actor(self.name, (Phase({source: 1}, dict.fromkeys(self.sinks, 1)),), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, token, count = module.pipeline, self.tensor(self.inputs[0]).type, len(self.rows)
        steps = module.actor("fire", 1, 1, module.room, [0])
        address = FixedType(False, max(1, (count - 1).bit_length()), 0)
        x = module.source(0)
        if token.lo < 0 or token.hi >= 1 << address.width:
            x = clamp(p, "row", x, Clamp(0 if token.lo < 0 else None, count - 1), address)
        words = self.rows[np.minimum(np.arange(1 << address.width), count - 1)]
        beat = memory(p, "rows", x, words, self.tensor(self.output).type)
        finish(module, beat, steps.active, 1, 1, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        output = self.tensor(self.output)
        numbers = {"tokens": beats(output), "rows": len(self.rows), "width": width(output)}
        table = HlsWeight(f"{self.name}_table", self.rows.ravel(), output.type)
        return HlsCode("lookup.h", "lookup", config(f"{self.name}_config", numbers, {}, ""), (table,))
