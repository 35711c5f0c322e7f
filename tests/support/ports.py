"""Integer graphs with several inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwflow.ir.graph import Graph, IntArray
from tests.support.blocks import I8, Blocks
from tests.support.qonnx import ModelBuilder, weights, write


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


def chunked(folder: Path, states: Mapping[str, str] | str = {"new mean": "mean", "left": "right"}) -> Path:
    """A model file with the data ``x`` (3, 4), the states ``mean`` and ``right``, a further input ``gain``."""
    m = ModelBuilder()
    x, mean, gain, right = (m.quant(m.input(1, 3, 4, name=n), 8, 4) for n in ("x", "mean", "gain", "right"))
    total = m.node("Add", m.node("MatMul", x, m.weights(weights(4, 4, spread=0.5))), mean)
    new = m.quant(m.node("Mul", total, m.const(0.5)), 8, 4, name="new mean")
    y = m.quant(m.node("MatMul", new, m.weights(weights(4, 2, seed=1))), 8, 3, name="y")
    left = m.quant(m.node("Add", m.quant(m.node("Mul", right, gain), 8, 4), new), 8, 4, name="left")
    proto = m.proto(y, new, left)
    text = states if isinstance(states, str) else json.dumps(states)
    proto.metadata_props.add(key="hwflow.states", value=text)
    return write(folder, proto)
