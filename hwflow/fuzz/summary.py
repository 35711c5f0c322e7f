"""What a run of the fuzzer found, and how fast it was."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwflow.fuzz.faults import RUNGS, Rung

if TYPE_CHECKING:
    from rich.table import Table

    from hwflow.fuzz.worker import Outcome

HOUR = 3600.0


@dataclass
class Summary:
    """Counts by rung; ``faults``: names of cases by rung and kind; ``kept``: where a failure lies."""

    wanted: int
    jobs: int
    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    passed: Counter[Rung] = field(default_factory=Counter)
    tried: Counter[Rung] = field(default_factory=Counter)
    seconds: Counter[Rung] = field(default_factory=Counter)
    faults: dict[tuple[Rung, str], list[str]] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count a case."""
        self.done += 1
        for rung, seconds in outcome.seconds.items():
            self.tried[rung] += 1
            self.seconds[rung] += seconds  # type: ignore[assignment]
        below = RUNGS.index(outcome.reached) + 1
        if outcome.fault:
            rung, kind, message = outcome.fault
            self.faults.setdefault((rung, kind), []).append(outcome.name)
            self.messages[outcome.name] = message
            below = min(below, RUNGS.index(rung))
        if outcome.refused:
            where = "import" if "oracle" not in outcome.seconds else "hardware"
            self.refused[where] += 1
            below = 0 if where == "import" else below
        self.passed.update(RUNGS[:below])

    @property
    def failures(self) -> int:
        """How many cases are faults."""
        return sum(map(len, self.faults.values()))

    def per_hour(self, rung: Rung) -> float:
        """Graphs an hour that the rung alone can take, with all jobs."""
        seconds = float(self.seconds[rung])
        return self.tried[rung] * self.jobs * HOUR / seconds if seconds else 0.0

    @property
    def overall(self) -> float:
        """Graphs an hour, all in all."""
        return self.done * HOUR / max(time.monotonic() - self._began, 1e-9)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "graphs": self.done,
            "refused": dict(self.refused),
            "passed": {rung: self.passed[rung] for rung in RUNGS},
            "graphs_per_hour": {rung: round(self.per_hour(rung)) for rung in RUNGS} | {"all": round(self.overall)},
            "faults": [
                {"rung": rung, "kind": kind, "cases": names, "message": self.messages[names[0]]}
                for (rung, kind), names in self.faults.items()
            ],
            "kept": {name: str(path) for name, path in self.kept.items()},
        }

    def table(self) -> Table:
        """By rung: how many got past it, faults, graphs an hour."""
        from rich.table import Table

        table = Table("rung", "past it", "faults", "graphs/hour")
        for rung in RUNGS:
            faults = sum(len(names) for (at, _), names in self.faults.items() if at == rung)
            table.add_row(rung, f"{self.passed[rung]:,}", str(faults), f"{self.per_hour(rung):,.0f}")
        refused = ", ".join(f"{count:,} at {where}" for where, count in sorted(self.refused.items()))
        table.caption = f"{self.done:,} graphs, {self.overall:,.0f} an hour; refused by name: {refused or 'none'}"
        return table
