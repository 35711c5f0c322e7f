"""Integer graphs with several inputs and outputs."""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph, IntArray
from tests.support.blocks import I8, Blocks


def recurrent(tokens: int = 4, seed: int = 0) -> Graph:
    """y and two states: ``new mean`` is read inside too, ``count`` comes early; ``mean`` is read twice."""
    blocks = Blocks(tokens, 6, seed)
    mean, count = blocks.builder.input((tokens, 6), I8), blocks.builder.input((1, 3), I8)
    joined = blocks.residual(blocks.linear(blocks.x, 6), mean)
    y = blocks.layer_norm(blocks.residual(joined, blocks.attention(mean, heads=2)))
    outputs = {"y": blocks.linear(blocks.pool(y), 3), "new mean": joined, "new-count": blocks.linear(count, 3)}
    named = {"x": blocks.x, "mean": mean, "count": count, **outputs}
    for name, id in named.items():
        blocks.builder.name(id, name)
    return blocks.graph(*outputs.values())


def random_inputs(graph: Graph, frames: int, seed: int = 0) -> dict[str, IntArray]:
    """Integers of every input."""
    rng, tensors = np.random.default_rng(seed), [graph.tensors[id] for id in graph.inputs]
    return {t.id: rng.integers(t.type.lo, t.type.hi + 1, (frames, *t.shape)) for t in tensors}
