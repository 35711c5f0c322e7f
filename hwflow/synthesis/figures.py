"""What a synthesis tool says of a design, whichever it was: by kernel, in total, and against the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hwflow import record as r
from hwflow.boards import Board
from hwflow.errors import GateFailed, UserError
from hwflow.schedule.resources import KINDS, Resources
from hwflow.schedule.resources import total as sum_of


@dataclass(frozen=True)
class Figures:
    """One stage of one tool. ``kernels``: by name, None for what lies outside of them; empty if it does not say.

    ``results`` holds what is not a resource: periods, latencies.
    """

    stage: r.Stage
    tool: str
    version: str
    total: Resources
    kernels: Mapping[str | None, Resources] = field(default_factory=dict)
    results: tuple[r.Result, ...] = ()

    @classmethod
    def by_kernel(cls, stage: r.Stage, tool: str, version: str, kernels: Mapping[str | None, Resources]) -> Figures:
        """Figures whose total is the sum of ``kernels``."""
        return cls(stage, tool, version, sum_of(kernels.values()), kernels)

    def recorded(self, record: r.BuildRecord, board: Board) -> r.BuildRecord:
        """The record with these figures in the place of the stage's earlier ones."""
        rows = [
            r.KernelResources(stage=self.stage, kernel=name, resources=r.ResourceUse(**used.as_dict()))
            for name, used in self.kernels.items()
        ]
        fresh = r.with_stage(record, self.stage, [*self.gates(board), *self.results], kernel_resources=rows)
        return fresh.model_copy(update={"versions": {**record.versions, self.tool: self.version}})

    def gates(self, board: Board) -> list[r.Result]:
        """A result for each kind of resource; its limit is what a design may use of it."""
        pairs = [(kind, getattr(self.total, kind), getattr(board.usable, kind)) for kind in KINDS]
        return [r.Result(stage=self.stage, metric=kind, value=used, limit=limit) for kind, used, limit in pairs]

    def check_fit(self, board: Board) -> None:
        """Raise GateFailed over 100 % of what is usable, naming the kernel that costs most of it.

        A board without any UltraRAM for a design that needs some is a UserError: no other schedule helps there.
        """
        if self.total.uram and not board.resources.uram:
            found = f"{self.total.uram} UltraRAMs{self._most('uram')}, and {board.name} has none"
            raise UserError("board", found, "a board with UltraRAM", "Build the design for another board.")
        if over := [str(gate) + self._most(gate.metric) for gate in self.gates(board) if not gate.ok]:
            raise GateFailed(f"the design does not fit {board.name}: {'; '.join(over)}")

    def _most(self, kind: str) -> str:
        """The part that takes most of ``kind``, in words; nothing if the tool does not say."""
        if not self.kernels:
            return ""
        name = max(self.kernels, key=lambda each: getattr(self.kernels[each], kind))
        return f" ({name or 'what lies between the kernels'} takes most: {getattr(self.kernels[name], kind):,})"
