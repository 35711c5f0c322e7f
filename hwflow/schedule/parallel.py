"""The schedule of io_parallel: everything unrolled, a new frame every cycle, latency the longest path of stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwflow.boards import Board
from hwflow.errors import GateFailed
from hwflow.schedule.kernel import Fold, ParallelKernel
from hwflow.schedule.resources import KINDS, Resources, total
from hwflow.schedule.schedule import Schedule


def parallel_schedule(
    kernels: Sequence[ParallelKernel], board: Board, clock_mhz: float, latency_budget_cycles: int | None
) -> Schedule:
    """Estimate of the unrolled design. GateFailed if it does not fit the board or the budget: nothing can be folded."""
    ends = _ends(kernels)
    resources = {k.name: k.unrolled()[0] for k in kernels}
    latency = max(ends.values(), default=0) + 1
    _check_fit(resources, board)
    if latency_budget_cycles is not None and latency > latency_budget_cycles:
        slowest = max(kernels, key=lambda k: k.unrolled()[1])
        raise GateFailed(
            f"io_parallel has a latency of {latency} cycles ({latency / clock_mhz:.3f} us, estimate), over the budget "
            f"of {latency_budget_cycles} cycles; {slowest.name} takes {slowest.unrolled()[1]} of them"
        )
    folds: dict[str, Fold] = {k.name: k.full_fold for k in kernels}
    return Schedule(
        board=board.name,
        clock_mhz=clock_mhz,
        latency=latency,
        first_output=latency,
        ii=1,
        folds=folds,
        fifo_depths={},
        kernel_resources=resources,
        fifo_resources=Resources(),
    )


def stage_times(kernels: Sequence[ParallelKernel]) -> Mapping[str, tuple[int, int]]:
    """First and last cycle of every kernel for a frame that enters in cycle 0."""
    ends = _ends(kernels)
    return {k.name: (ends[k.sinks[0]] - k.unrolled()[1], ends[k.sinks[0]]) for k in kernels}


def _ends(kernels: Sequence[ParallelKernel]) -> dict[str, int]:
    """Cycle at which each channel is ready; kernels are in topological order."""
    ends: dict[str, int] = {}
    for kernel in kernels:
        start = max((ends.get(channel, 0) for channel in kernel.sources), default=0)
        ends.update(dict.fromkeys(kernel.sinks, start + kernel.unrolled()[1]))
    return ends


def _check_fit(resources: Mapping[str, Resources], board: Board) -> None:
    used = total(resources.values())
    if used.fits(board):
        return
    kind = max(KINDS, key=lambda k: used.share_of(board)[k])
    worst = max(resources, key=lambda name: getattr(resources[name], kind))
    raise GateFailed(
        f"io_parallel needs {getattr(used, kind)} {kind} (estimate), over the {getattr(board.usable, kind)} usable on "
        f"{board.name}; {worst} takes {getattr(resources[worst], kind)} of them. Use io_stream."
    )
