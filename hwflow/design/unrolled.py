"""The fully unrolled style as a design: its RTL instead of kernels, a schedule of two FIFOs and one pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwflow.errors import GateFailed
from hwflow.ir.graph import Graph
from hwflow.schedule.by_hand import check_fit
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.resources import Resources
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.simulate import Simulation, simulate

if TYPE_CHECKING:
    from hwflow.boards import Board

PIPELINE = "unrolled"
SOURCE, SINK = "input", "output"


def unroll(
    graph: Graph, board: Board, clock_mhz: float, budget: int | None, folder: Path, say: Callable[[str], None]
) -> Schedule:
    """Write the RTL into ``folder`` and return its schedule. Raises GateFailed over budget (cycles) or board."""
    from hwflow.backends.unrolled import write_unrolled

    made = write_unrolled(graph, clock_mhz, folder, say)
    schedule = Schedule(
        board=board.name,
        clock_mhz=clock_mhz,
        latency=made.latency,
        first_output=made.simulation.first_output,
        ii=made.ii,
        folds={},
        fifo_depths={channel.name: channel.depth or 1 for channel in made.channels},
        kernel_resources={PIPELINE: made.resources},
        fifo_resources=Resources(),
    )
    check_fit(schedule, board)
    if budget is not None and schedule.latency > budget:
        raise GateFailed(
            f"the unrolled design takes {schedule.latency} cycles (estimate), over the budget of {budget}; raise the "
            "budget or lower the clock, which makes fewer stages"
        )
    return schedule


def simulate_unrolled(schedule: Schedule, frames: int) -> Simulation:
    """The token-level simulation: a frame is a beat, the pipeline one actor."""
    depth = schedule.latency - 1  # the input FIFO takes a cycle
    actor = Actor(PIPELINE, (Phase({SOURCE: 1}, {SINK: 1}),), depth)
    channels = [Channel(name, places) for name, places in schedule.fifo_depths.items()]
    return simulate([actor], channels, Port(SOURCE, 1), Port(SINK, 1), frames)
