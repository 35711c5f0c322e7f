"""Random folds, or the least area within a random budget."""

from __future__ import annotations

from functools import cache

import numpy as np

from hwflow.boards import Board, load_board
from hwflow.errors import GateFailed
from hwflow.fuzz.faults import Fault
from hwflow.kernels.network import KernelGraph
from hwflow.schedule.fifo import fifo_depths, with_depths
from hwflow.schedule.resources import Resources
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import find_schedule
from hwflow.schedule.simulate import Simulation, simulate

CLOCK_MHZ = 200.0
_SEARCHED = 0.15  # share of the designs whose schedule is searched


@cache
def board() -> Board:
    """The one that all designs are for."""
    return load_board("vcu118")


def draw_schedule(network: KernelGraph, seed: int) -> Schedule:
    """Of random folds; now and then a search finds one within a budget drawn from them. A budget missed is a Fault."""
    rng = np.random.default_rng([seed, 2])
    drawn = random_folds(network, rng)
    if rng.random() > _SEARCHED:
        return drawn
    latency, ii = (max(1, round(n * rng.uniform(0.6, 2.0))) for n in (drawn.latency, drawn.ii))
    try:
        found = find_schedule(
            network.kernels, network.channels, network.sources, network.sinks, board(), CLOCK_MHZ, latency, ii
        )
    except GateFailed:  # the budget cannot be met
        return drawn
    if found.latency > latency or found.ii > ii:
        text = f"latency {found.latency} of {latency}, interval {found.ii} of {ii} cycles"
        raise Fault("rtl", "budget missed", text)
    return found


def random_folds(network: KernelGraph, rng: np.random.Generator) -> Schedule:
    """One of its folds for each kernel, FIFO depths that cost no cycle."""
    folds = {}
    for kernel in network.kernels:
        legal = list(kernel.folds())
        folds[kernel.name] = legal[int(rng.integers(len(legal)))]
    actors = [a for k in network.kernels for a in k.actors(folds[k.name])]
    channels = [*network.channels, *(c for k in network.kernels for c in k.channels(folds[k.name]))]
    depths = fifo_depths(actors, channels, network.sources, network.sinks)
    resources = {k.name: k.rtl(folds[k.name]).resources for k in network.kernels}
    made = Schedule(
        board="none", clock_mhz=CLOCK_MHZ, latency=1, first_output=1, ii=1, folds=folds, fifo_depths=depths,
        kernel_resources=resources, fifo_resources=Resources(),
    )  # fmt: skip
    found = predicted(network, made, 4)
    times = {"latency": found.latency, "first_output": found.first_output, "ii": found.ii}
    return made.model_copy(update=times)


def predicted(network: KernelGraph, schedule: Schedule, frames: int) -> Simulation:
    """The token-level simulation of so many frames."""
    actors = [a for k in network.kernels for a in k.actors(schedule.folds[k.name])]
    channels = [*network.channels, *(c for k in network.kernels for c in k.channels(schedule.folds[k.name]))]
    return simulate(actors, with_depths(channels, schedule.fifo_depths), network.sources, network.sinks, frames)
