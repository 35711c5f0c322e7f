"""Graphs that the tests here write as RTL."""

from __future__ import annotations

from hwflow.ir.graph import Graph
from tests.support.blocks import Blocks

KINDS = {
    "attention",
    "concat",
    "elementwise",
    "fork",
    "frame_norm",
    "linear",
    "lookup",
    "pool",
    "row",
    "slice",
    "token_mix",
}


def every_kind(seed: int = 0) -> Graph:
    """All kernels there are, with one token out."""
    blocks = Blocks(4, 6, seed)
    y = blocks.residual(blocks.x, blocks.attention(blocks.layer_norm(blocks.x), heads=2))
    mixed = blocks.token_mix(blocks.linear(y, 6, relu=True), 2)
    y = blocks.attend(blocks.linear(y, 6), mixed, mixed)
    parts = [blocks.slice(y, -1, 0, 2), blocks.slice(y, -1, 2, 6)]
    y = blocks.squeeze_excite(blocks.concat(-2, blocks.concat(-1, *parts), blocks.slice(y, -2, 1, 3)))
    y = blocks.residual(blocks.frame_norm(y), blocks.lookup(blocks.linear(y, 1), 5, 6))
    return blocks.graph(blocks.softmax(blocks.linear(blocks.pool(y), 3)))


def flat(seed: int = 0) -> Graph:
    """One token in."""
    blocks = Blocks(1, 6, seed)
    return blocks.graph(blocks.linear(blocks.x, 4))
