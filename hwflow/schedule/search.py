"""Choose a fold for each kernel: the least area on the board that meets the latency and throughput budgets.

The area of a schedule is the sum, over the five kinds of resource, of used / usable; it must fit in each kind.
FIFOs are sized and counted at the end. The search is deterministic:

1. Balanced start: one target common to all, the cycles a kernel may take for a frame. The largest target
   whose least-area folds meet the budgets, by bisection over the distinct loads.
2. Refinement: fold further the kernel that saves most, as long as the budgets hold.
3. Exchange: unfold one kernel by a step if that lets another fold for a larger saving, then refine again.
4. If some kind of resource overflows the board, give it more weight in the area and search again.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwflow.boards import Board
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Channel, Ends
from hwflow.schedule.descent import at_target, least_area, targets
from hwflow.schedule.fifo import sized
from hwflow.schedule.kernel import SchedulableKernel
from hwflow.schedule.options import list_options
from hwflow.schedule.problem import Budget, Choice, Problem, Progress
from hwflow.schedule.refusal import ScheduleRefused, best_that_fits, refuse_if_missed, refuse_if_too_slow, too_large
from hwflow.schedule.resources import KINDS, Resources, total
from hwflow.schedule.schedule import Schedule

__all__ = ["ScheduleRefused", "find_schedule"]

_REWEIGHTINGS = 4
_FIFOS = "the FIFOs"


def find_schedule(
    kernels: Sequence[SchedulableKernel],
    channels: Sequence[Channel],
    source: Ends,
    sink: Ends,
    board: Board,
    clock_mhz: float,
    latency_budget_cycles: int | None = None,
    ii_budget: int | None = None,
    progress: Progress | None = None,
) -> Schedule:
    """The schedule of least area within both budgets (cycles), or just the least area if there are none.

    ``channels``: those between kernels; a depth of None is chosen here. Raises ScheduleRefused with how far
    off the best schedule is and what holds it; DeadlockError and GraphError if the graph itself is wrong.
    """
    budget = Budget(latency_budget_cycles, ii_budget)

    def problem_of(smallest: bool) -> Problem:
        options = list_options(kernels, channels, source, sink, board, smallest=smallest)
        return Problem(options, channels, source, sink, budget, progress or _silent)

    problem = problem_of(smallest=budget == Budget(None, None))
    refuse_if_too_slow(problem, clock_mhz)
    weights = dict.fromkeys(KINDS, 1.0)
    for attempt in range(_REWEIGHTINGS):
        if attempt == 1:  # where one kind of resource is short, a fold that is larger by the others may be the one
            problem = problem_of(smallest=False)
        choice = least_area(problem, weights)
        schedule = _schedule(problem, choice, board, clock_mhz)
        if schedule.resources.fits(board):
            refuse_if_missed(schedule, budget)
            return schedule
        for kind, share in schedule.resources.share_of(board).items():
            if share > 1.0:
                weights[kind] *= 4
    candidates = [at_target(problem, weights, target) for target in targets(problem)]
    raise too_large(
        {**schedule.kernel_resources, _FIFOS: schedule.fifo_resources},
        board,
        best_that_fits(problem, candidates, board, clock_mhz),
    )


def _schedule(problem: Problem, choice: Choice, board: Board, clock_mhz: float) -> Schedule:
    """Size the FIFOs and measure the bounded graph."""
    channels = problem.all_channels(choice)
    depths, done = sized(problem.actors(choice), channels, problem.source, problem.sink)
    chosen = problem.chosen(choice)
    return Schedule(
        board=board.name,
        clock_mhz=clock_mhz,
        latency=done.latency,
        first_output=done.first_output,
        ii=done.ii,
        folds={option.kernel: option.fold for option in chosen},
        fifo_depths=depths,
        kernel_resources={option.kernel: option.resources for option in chosen},
        fifo_resources=_fifo_resources(problem, channels, depths),
    )


def _fifo_resources(problem: Problem, channels: Sequence[Channel], depths: dict[str, int]) -> Resources:
    """All FIFOs between kernels, and those inside kernels that were sized here."""
    outer = {channel.name for channel in problem.channels}
    return total(
        costs.fifo(depths[channel.name], channel.width)
        for channel in channels
        if channel.name in outer or channel.depth is None
    )


def _silent(_: str) -> None:
    """No progress wanted."""
