"""Where registers stand in a graph of adders, and how long each value is carried along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from hwflow.rtl.shift_add.graph import AdderGraph


@dataclass(frozen=True)
class Stages:
    """``registers``: levels after which one stands, 0 for the inputs; all outputs are seen in cycle ``cycles``."""

    graph: AdderGraph
    registers: tuple[int, ...]

    @classmethod
    def of(cls, graph: AdderGraph, registers: Iterable[int]) -> Stages:
        """Raises ValueError for a level that the graph does not have."""
        levels = tuple(sorted(registers))
        if levels and not 0 <= levels[0] <= levels[-1] <= graph.levels:
            raise ValueError(f"registers after levels {levels}: the graph has levels 0 to {graph.levels}")
        return cls(graph, levels)

    @property
    def cycles(self) -> int:
        """From x to y."""
        return len(self.registers)

    def cycle(self, level: int) -> int:
        """In which the adders of a level work."""
        return sum(register < level for register in self.registers)

    @cached_property
    def waits(self) -> dict[int, int]:
        """For each value that is used, the cycles until its last use."""
        waits: dict[int, int] = {}
        for value, cycle in self._uses():
            waits[value] = max(waits.get(value, 0), cycle - self.cycle(self.graph.level(value)))
        return waits

    def _uses(self) -> Iterator[tuple[int, int]]:
        for adder in self.graph.adders:
            cycle = self.cycle(adder.level)
            yield from ((adder.a.value, cycle), (adder.b.value, cycle))
        yield from ((output.value, self.cycles) for output in self.graph.outputs if output)
