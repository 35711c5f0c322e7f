"""Passes over the integer graph: ``Graph -> Graph``, one file each, applied in the order of ``PASSES``."""

from __future__ import annotations

from hwflow.ir.graph import Graph
from hwflow.passes.channels_last import channels_last
from hwflow.passes.early_slices import early_slices
from hwflow.passes.hoist_slices import hoist_slices
from hwflow.passes.sink_movement import sink_movement
from hwflow.passes.token_mix import expose_token_mix

PASSES = (channels_last, early_slices, hoist_slices, expose_token_mix, sink_movement)
"""Canonical form for the kernels. No pass changes a value: every tensor that keeps its id keeps its integers."""


def canonicalise(graph: Graph) -> Graph:
    """Apply every pass in order, the last two again as long as one uncovers work for the other."""
    graph = hoist_slices(early_slices(channels_last(graph)))
    while (exposed := expose_token_mix(graph)) is not graph:
        graph = sink_movement(exposed)
    return sink_movement(graph)
