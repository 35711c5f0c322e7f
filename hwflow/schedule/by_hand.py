"""A schedule whose folds and FIFO depths a user wrote: checked, simulated and costed as any other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hwflow.boards import Board
from hwflow.errors import GateFailed, UserError
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Channel, Ends
from hwflow.schedule.fifo import sized
from hwflow.schedule.kernel import Fold, SchedulableKernel
from hwflow.schedule.resources import KINDS, total
from hwflow.schedule.schedule import Schedule

_REMEDY = "Start from the schedule.json of a build of this model."


def complete(
    given: Schedule,
    kernels: Sequence[SchedulableKernel],
    channels: Sequence[Channel],
    source: Ends,
    sink: Ends,
    board: Board,
    clock_mhz: float,
) -> Schedule:
    """``given`` with its figures computed anew; a channel that it does not name gets a depth that costs no cycle.

    Raises UserError for a kernel or fold that the design does not have, DeadlockError for FIFOs that are too shallow,
    GateFailed if the board is too small.
    """
    _check_names("kernel", given.folds, {kernel.name for kernel in kernels})
    folds = {kernel.name: _fold(kernel, given.folds) for kernel in kernels}
    actors = [actor for kernel in kernels for actor in kernel.actors(folds[kernel.name])]
    inner = [channel for kernel in kernels for channel in kernel.channels(folds[kernel.name])]
    depths, found = sized(actors, _with_given(given.fifo_depths, [*channels, *inner]), source, sink)
    fifos = total(costs.fifo(depths[channel.name], channel.width) for channel in channels)
    schedule = Schedule(
        board=board.name,
        clock_mhz=clock_mhz,
        latency=found.latency,
        first_output=found.first_output,
        ii=found.ii,
        folds=folds,
        fifo_depths=depths,
        kernel_resources={kernel.name: kernel.resources(folds[kernel.name]) for kernel in kernels},
        fifo_resources=fifos,
    )
    check_fit(schedule, board)
    return schedule


def _check_names(kind: str, given: Collection[str], known: Collection[str]) -> None:
    if strangers := [name for name in given if name not in known]:
        raise UserError(f"schedule, {kind} {strangers[0]}", f"no such {kind}", f"one of {sorted(known)}", _REMEDY)


def _fold(kernel: SchedulableKernel, given: Mapping[str, Fold]) -> Fold:
    fold, legal = given.get(kernel.name), kernel.folds()
    if fold is None:
        raise UserError(f"schedule, kernel {kernel.name}", "no fold", "one for each kernel", _REMEDY)
    match = next((each for each in legal if (each.pe, each.simd) == (fold.pe, fold.simd)), None)
    if match is None:
        pes, simds = ({getattr(each, name) for each in legal} for name in ("pe", "simd"))
        raise UserError(
            f"schedule, kernel {kernel.name}",
            f"PE {fold.pe}, SIMD {fold.simd}",
            f"PE one of {sorted(pes)} and SIMD one of {sorted(simds)}, which divide its outputs and inputs",
            "Choose divisors.",
        )
    return match


def _with_given(given: Mapping[str, int], channels: Sequence[Channel]) -> list[Channel]:
    _check_names("FIFO", given, {channel.name for channel in channels})
    for name, depth in given.items():
        if depth < 1:
            raise UserError(f"schedule, FIFO {name}", f"depth {depth}", "at least 1", "Give a larger depth.")
    known = {c.name: given[c.name] for c in channels if c.name in given and c.depth is None}
    return [c if c.name not in known else Channel(c.name, known[c.name], c.initial, c.width) for c in channels]


def check_fit(schedule: Schedule, board: Board) -> None:
    """Raise GateFailed if the board is too small."""
    shares = schedule.resources.share_of(board)
    worst = max(KINDS, key=lambda kind: shares[kind])
    if shares[worst] > 1.0:
        raise GateFailed(
            f"the schedule needs {getattr(schedule.resources, worst)} {worst} (estimate), over the "
            f"{getattr(board.usable, worst)} usable on {board.name}. Fold further."
        )
