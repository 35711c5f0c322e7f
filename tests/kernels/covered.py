"""Covers a graph with kernels and checks all that must hold for any graph."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from hwflow.boards import load_board
from hwflow.ir import reference
from hwflow.ir.graph import Graph
from hwflow.kernels.base import beats
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.passes.movement import PERMUTATIONS
from hwflow.schedule.kernel import Fold
from hwflow.schedule.search import find_schedule
from hwflow.schedule.simulate import simulate
from tests.support.ports import random_inputs

CLOCK = 200.0


def covered(graph: Graph) -> KernelGraph:
    """The kernels of a graph; every rule of a kernel graph holds."""
    kernels = kernel_graph(graph, CLOCK)
    check_values(graph, kernels.graph)
    check_cover(kernels)
    check_wiring(kernels)
    for pick in (0, -1):
        check_balance(kernels, {k.name: k.folds()[pick] for k in kernels.kernels})
    schedule = find_schedule(
        kernels.kernels, kernels.channels, kernels.sources, kernels.sinks, load_board("vcu118"), CLOCK
    )
    check_balance(kernels, schedule.folds)
    assert schedule.ii > 0 and schedule.latency >= schedule.first_output > 0
    return kernels


def kinds(kernels: KernelGraph) -> Counter[str]:
    """How many kernels there are of each kind."""
    return Counter(k.kind for k in kernels.kernels)


def check_values(before: Graph, after: Graph) -> None:
    inputs = random_inputs(before, 3)
    old, new = reference.run(before, inputs), reference.run(after, inputs)
    assert all(np.array_equal(old[id], new[id]) for id in before.outputs)


def check_cover(kernels: KernelGraph) -> None:
    """Each computing node lies in one kernel; a kernel reads what is computed outside it, and nothing else."""
    graph = kernels.graph
    owners = Counter(n.output for k in kernels.kernels for n in k.nodes if not isinstance(n.op, PERMUTATIONS))
    assert owners == Counter(n.output for n in graph.nodes if not isinstance(n.op, PERMUTATIONS))
    for kernel in kernels.kernels:
        inside = {n.output for n in kernel.nodes}
        read = {i for n in kernel.nodes for i in n.inputs if not graph.tensors[i].is_constant} - inside
        assert read <= set(kernel.inputs) or kernel.kind == "fork", (kernel.name, read)
        assert kernel.output in inside or kernel.kind == "fork"


def check_wiring(kernels: KernelGraph) -> None:
    """Names are plain and unique; every channel has one writer, one reader, and carries its tensor's beats."""
    names = [k.name for k in kernels.kernels]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name, re.ASCII) for name in names)
    writers = Counter([*kernels.inputs, *(c for k in kernels.kernels for c in k.sinks)])
    readers = Counter([*kernels.outputs, *(c for k in kernels.kernels for c in k.sources)])
    assert writers == readers == Counter(c.name for c in kernels.channels)
    for channel in kernels.channels:
        assert channel.width > 0 and beats(kernels.graph.tensors[kernels.tensor_of[channel.name]]) > 0


def check_balance(kernels: KernelGraph, folds: dict[str, Fold]) -> None:
    """Whole frames go through without a deadlock: three frames end, in order."""
    actors = [a for k in kernels.kernels for a in k.actors(folds[k.name])]
    inner = [c for k in kernels.kernels for c in k.channels(folds[k.name])]
    result = simulate(actors, [*kernels.channels, *inner], kernels.sources, kernels.sinks, frames=3)
    assert list(result.frame_ends) == sorted(result.frame_ends) and len(result.frame_ends) == 3
    assert all(stats.firings > 0 for stats in result.actors)
