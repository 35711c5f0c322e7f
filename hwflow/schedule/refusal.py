"""Why no schedule was found, how far off the best one is, and which kernel holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hwflow.boards import Board
from hwflow.errors import GateFailed
from hwflow.schedule.critical import critical_path
from hwflow.schedule.problem import Budget, Choice, Problem
from hwflow.schedule.resources import Resources, total
from hwflow.schedule.schedule import Schedule


class ScheduleRefused(GateFailed):
    """No schedule meets the budgets on this board (exit code 2). All figures in the text are estimates."""


def refuse_if_too_slow(problem: Problem, clock_mhz: float) -> None:
    """Raise ScheduleRefused if even the fastest fold of every kernel misses a budget."""
    choice, budget = problem.fastest(), problem.budget
    done = problem.run(choice)
    if budget.latency is not None and done.latency > budget.latency:
        owner = {actor.name: option.kernel for option in problem.chosen(choice) for actor in option.actors}
        held = Counter[str]()
        for actor, cycles in critical_path(done).items():
            if actor in owner:
                held[owner[actor]] += cycles
        raise _too_slow("latency", budget.latency, done.latency, clock_mhz, *held.most_common(1)[0])
    if budget.ii is not None and done.ii > budget.ii:
        slowest = max(problem.chosen(choice), key=lambda option: option.load)
        raise _too_slow("initiation interval", budget.ii, done.ii, clock_mhz, slowest.kernel, slowest.load)


def refuse_if_missed(schedule: Schedule, budget: Budget) -> None:
    """Raise ScheduleRefused if the run that sized the FIFOs, longer than those of the search, misses a budget."""
    figures = (("latency", budget.latency, schedule.latency), ("initiation interval", budget.ii, schedule.ii))
    for figure, limit, found in figures:
        if limit is not None and found > limit:
            raise ScheduleRefused(
                f"{figure}: found {in_time(found, schedule.clock_mhz)} over many frames; expected at most "
                f"{in_time(limit, schedule.clock_mhz)} (estimate). Raise the budget."
            )


def _too_slow(figure: str, budget: int, best: int, clock_mhz: float, kernel: str, held: int) -> ScheduleRefused:
    return ScheduleRefused(
        f"{figure}: found {in_time(best, clock_mhz)} with every kernel at its fastest fold; expected at most "
        f"{in_time(budget, clock_mhz)}; {in_time(best - budget, clock_mhz)} over (estimate). "
        f"Kernel {kernel} holds it with {held} cycles. Raise the budget or the clock, or make that layer smaller."
    )


def too_large(parts: Mapping[str, Resources], board: Board, best: str) -> ScheduleRefused:
    """The smallest schedule found does not fit: each kind that overflows, by how much and through which part."""
    needed = total(parts.values())
    overflows = []
    for kind, share in needed.share_of(board).items():
        if share > 1.0:
            used, usable = getattr(needed, kind), getattr(board.usable, kind)
            largest = max(parts, key=lambda name: int(getattr(parts[name], kind)))
            overflows.append(
                f"{kind}: found {used}, expected at most {usable} usable, {used - usable} over, "
                f"most of them in {largest} ({getattr(parts[largest], kind)})"
            )
    return ScheduleRefused(f"{board.name} is too small (estimate): {'; '.join(overflows)}. {best}")


def best_that_fits(problem: Problem, candidates: list[Choice], board: Board, clock_mhz: float) -> str:
    """A sentence on the fastest of the candidates that fits the board, FIFOs not counted."""
    for choice in candidates:
        if problem.resources(choice).fits(board):
            done = problem.run(choice)
            return (
                f"The fastest balanced schedule that fits has latency {in_time(done.latency, clock_mhz)} "
                f"and initiation interval {in_time(done.ii, clock_mhz)}."
            )
    return "Not even the smallest folds fit. Take a larger board or a smaller model."


def in_time(cycles: int, clock_mhz: float) -> str:
    """Cycles and microseconds."""
    return f"{cycles} cycles ({cycles / clock_mhz:.3f} us)"
