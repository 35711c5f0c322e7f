"""Longest paths: arrival times at all nodes of a timing graph, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwflow.errors import UserError
from hwflow.timing.graph import Graph, Ints

NEVER = -(2**40)  # a node that no register's value comes to


@dataclass(frozen=True, slots=True)
class Levels:
    """Arcs in an order in which every arc comes after those into its start, cut into levels."""

    order: Ints
    bounds: list[int]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Latest arrival at each node in ps, and the arc that it comes by (-1: launched there, or never)."""

    at: Ints
    arc: Ints
    ps: Ints  # of each arc, the LUT pins chosen


def levels_of(graph: Graph, names: dict[int, str]) -> Levels:
    """Levels by repeatedly taking the nodes without an arc from a node not taken.

    Raises:
        UserError: a combinational loop, with some of its names.
    """
    by_start = np.argsort(graph.start, kind="stable")
    first = np.searchsorted(graph.start[by_start], np.arange(graph.nodes + 1))
    waiting = np.bincount(graph.end, minlength=graph.nodes)
    level = np.full(graph.nodes, -1)
    front, depth = np.flatnonzero(waiting == 0), 0
    while len(front):
        level[front] = depth
        ends = graph.end[by_start[_ranges(first[front], first[front + 1])]]
        reached, count = np.unique(ends, return_counts=True)
        waiting[reached] -= count
        front, depth = reached[waiting[reached] == 0], depth + 1
    if (level < 0).any():
        raise _loop(graph, level, names)
    order = np.lexsort((graph.end, level[graph.end]))
    bounds = np.searchsorted(level[graph.end][order], np.arange(1, depth + 1))
    return Levels(order, [int(bound) for bound in bounds])


def arrivals_of(graph: Graph, levels: Levels, net_ps: int, pins: tuple[int, ...]) -> Arrivals:
    """Arrival times with this delay of each routed net.

    The inputs of a LUT take its pins in the order in which they arrive, the last one the fastest.
    """
    at, best = np.full(graph.nodes, NEVER), np.full(graph.nodes, -1)
    np.maximum.at(at, graph.launches[:, 0], graph.launches[:, 1])
    ps = graph.ps + net_ps * graph.nets
    rank_ps = np.array((*pins, pins[-1]))
    for begin, stop in zip(levels.bounds, levels.bounds[1:], strict=False):
        arcs = levels.order[begin:stop]
        if not len(arcs):
            continue
        arcs = arcs[np.lexsort((-at[graph.start[arcs]], graph.end[arcs]))]
        ends = graph.end[arcs]
        groups = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]])
        rank = np.arange(len(arcs)) - np.repeat(groups, np.diff(np.r_[groups, len(arcs)]))
        lut = graph.permuted[arcs]
        ps[arcs[lut]] = rank_ps[np.minimum(rank[lut], len(pins))]
        _relax(at, best, arcs, ends, at[graph.start[arcs]] + ps[arcs])
    return Arrivals(at, best, ps)


def _relax(at: Ints, best: Ints, arcs: Ints, ends: Ints, values: Ints) -> None:
    """Keep the latest value of each node, and the arc that it came by."""
    order = np.lexsort((values, ends))
    last = order[np.flatnonzero(np.r_[ends[order][1:] != ends[order][:-1], True])]
    later = last[(values[last] > at[ends[last]]) & (values[last] >= 0)]
    at[ends[later]], best[ends[later]] = values[later], arcs[later]


def _ranges(begin: Ints, stop: Ints) -> Ints:
    """begin[0] .. stop[0] - 1, begin[1] .. stop[1] - 1, ... in one array."""
    count = stop - begin
    shift = np.repeat(begin - np.r_[0, np.cumsum(count)[:-1]], count)
    return shift + np.arange(int(count.sum()))


def _loop(graph: Graph, level: NDArray[np.int64], names: dict[int, str]) -> UserError:
    """Walk back along nodes without a level: after as many steps as there are nodes, the walk is on the loop."""
    stuck = np.flatnonzero(level[graph.end] < 0)
    stuck = stuck[level[graph.start[stuck]] < 0]
    before = dict(zip(graph.end[stuck].tolist(), graph.start[stuck].tolist(), strict=True))
    node = next(iter(before))
    seen: dict[int, None] = {}
    while node not in seen:
        seen[node] = None
        node = before[node]
    loop = list(seen)[list(seen).index(node) :]
    known = [names[each] for each in loop if each in names]
    cells = sorted({graph.cells[graph.cell_of[each]].type for each in loop if graph.cell_of[each] >= 0})
    where = f"through {', '.join(known[:5])}" if known else f"of {', '.join(cells)}"
    return UserError("netlist", f"a combinational loop {where}", "a register in every loop", "Register one of them.")
