"""What a timing analysis found: the worst paths by names of the source, for each assumed net delay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """A cell on a path: wire before it, delay through it, and the time at which it is left, in ps.

    ``net``: name of what it drives, ``src``: file and line; both empty where Yosys kept none.
    """

    cell: str
    net: str
    src: str
    wire_ps: int
    cell_ps: int
    at_ps: int


@dataclass(frozen=True, slots=True)
class Path:
    """From a clock edge at ``start`` to the setup of ``end``, in ps. ``levels``: cells between the two registers."""

    start: str
    end: str
    delay_ps: int
    slack_ps: int
    levels: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class NetCase:
    """The analysis with one delay of a routed net. ``paths``: of the worst end points, the worst first."""

    net_ps: int
    paths: tuple[Path, ...]

    @property
    def delay_ps(self) -> int:
        """The shortest period that all paths keep; 0 for a module without a register."""
        return self.paths[0].delay_ps if self.paths else 0

    @property
    def slack_ps(self) -> int | None:
        """Of the worst path; None without any."""
        return self.paths[0].slack_ps if self.paths else None

    @property
    def fmax_mhz(self) -> float | None:
        """The highest clock that all paths keep."""
        return 1e6 / self.delay_ps if self.delay_ps else None


@dataclass(frozen=True, slots=True)
class TimingReport:
    """Timing of one module, before placement: an estimate, never a sign-off."""

    module: str
    clock_mhz: float
    device: str
    label: str
    cells: int
    endpoints: int
    cases: tuple[NetCase, ...]

    @property
    def period_ps(self) -> float:
        """Of the clock."""
        return 1e6 / self.clock_mhz

    def case(self, net_ps: int) -> NetCase:
        """The case with this net delay. Raises KeyError for one that was not analysed."""
        return {case.net_ps: case for case in self.cases}[net_ps]

    def meets(self, net_ps: int) -> bool:
        """Whether the clock is kept with this net delay."""
        return self.case(net_ps).delay_ps <= self.period_ps

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    def lines(self, paths: int = 1) -> Iterator[str]:
        """Text for people: a line for each net delay, and the worst paths of the middle one."""
        yield f"{self.module}: {self.label}, {self.device}, {self.clock_mhz:g} MHz, {self.endpoints} end points"
        for case in self.cases:
            if case.paths:
                worst = f"{case.delay_ps} ps, {case.fmax_mhz:.0f} MHz, slack {case.slack_ps} ps"
                yield f"  net {case.net_ps} ps: {worst}, {case.paths[0].levels} levels"
        for path in self.cases[len(self.cases) // 2].paths[:paths]:
            yield f"  {path.start} -> {path.end}: {path.delay_ps} ps, slack {path.slack_ps} ps"
            yield from (_step_line(step) for step in path.steps)


def _step_line(step: Step) -> str:
    place = "  ".join(part for part in (step.net, step.src) if part)
    return f"    {step.at_ps:6}  {step.wire_ps:+5} {step.cell_ps:+5}  {step.cell:12} {place}".rstrip()
