"""What a design is wanted for: board, clock, budgets and style, checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hwflow import record as r
from hwflow.boards import Board
from hwflow.errors import UserError

IoType = Literal["io_stream", "io_parallel"]
Style = Literal["streaming", "unrolled"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    board: Board
    clock_mhz: float
    budgets: r.Budgets
    io_type: IoType
    style: Style
    axi_lite: bool

    @property
    def latency(self) -> int | None:
        """The latency budget in cycles."""
        return self.budgets.latency_cycles(self.clock_mhz)


def make_request(
    board: Board,
    clock: float | None,
    latency: float | None,
    ii: int | None,
    io_type: IoType,
    style: Style,
    axi_lite: bool,
) -> Request:
    """What ``hwflow.convert`` was given. Raises UserError for what is out of range, or does not go together."""
    clock_mhz = board.clock_mhz if clock is None else clock
    for subject, value, limits in (("clock", clock_mhz, (1.0, 1000.0)), ("latency budget", latency, (1e-3, 1e9))):
        if value is not None and not limits[0] <= value <= limits[1]:
            raise UserError(subject, f"{value:g}", f"{limits[0]:g} to {limits[1]:g}", "Give another one.")
    if ii is not None and ii < 1:
        raise UserError("initiation interval budget", str(ii), "at least 1 cycle", "Give another one.")
    if io_type not in ("io_stream", "io_parallel"):
        raise UserError("io_type", repr(io_type), "io_stream or io_parallel", "Choose one of them.")
    if style not in ("streaming", "unrolled"):
        raise UserError("style", repr(style), "streaming or unrolled", "Choose one of them.")
    if style == "unrolled":
        io_type = "io_parallel"
    if axi_lite and io_type == "io_parallel":
        raise UserError("AXI4-Lite registers", "a design without beats", "io_stream", "Leave one of them out.")
    return Request(board, float(clock_mhz), r.Budgets(latency_us=latency, ii_cycles=ii), io_type, style, axi_lite)


def make_tolerance(disagreement: float, mean_error: float) -> r.Tolerance:
    """The limits of near-exact mode. Raises UserError for what is out of range."""
    if not 0 <= disagreement <= 1:
        raise UserError("max_disagreement", f"{disagreement:g}", "a share from 0 to 1", "Give another one.")
    if not 0 <= mean_error < float("inf"):
        raise UserError("max_mean_error", f"{mean_error:g}", "a number of steps from 0", "Give another one.")
    return r.Tolerance(disagreement=float(disagreement), mean_error=float(mean_error))
