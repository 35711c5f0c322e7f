"""Random attention with masks, caches and few queries, and embeddings."""

from __future__ import annotations

import numpy as np

from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, MatMul, Reshape, Shift, Transpose
from hwflow.ir.types import FixedType
from tests.support.blocks import Blocks

MASKED = -128


class Embedded(Blocks):
    """Blocks behind an embedding of integer tokens."""

    def __init__(self, tokens: int, channels: int, seed: int, type: FixedType, rows: int) -> None:
        super().__init__(seed=seed)
        self.builder = GraphBuilder()
        self.x = self.lookup(self.builder.input((tokens, 1), type), rows, channels)


def masked_attention(blocks: Blocks, heads: int, mask: tuple[int, ...], q: str, k: str, v: str) -> str:
    """``mask``: the shape of the constants on the scores, of which a third is far below all others."""
    b, tokens = blocks.builder, blocks.shape(q)[0]
    scores = b.add(MatMul(), blocks.split_heads(q, heads), blocks.split_heads(k, heads, keys=True))
    blocked = np.where(blocks.rng.integers(0, 3, mask) == 0, MASKED, 0)
    scores = blocks.requantise(b.add(Add(), b.add(Shift(-1), scores), b.constant(blocked, 3)))
    y = b.add(MatMul(), blocks.softmax(scores, bool(blocks.rng.integers(2))), blocks.split_heads(v, heads))
    if heads > 1:
        y = b.add(Reshape((tokens, blocks.shape(v)[1])), b.add(Transpose((1, 0, 2)), y))
    return blocks.requantise(y)


def random_attention(seed: int) -> Graph:
    """One to three heads; masks by key, by query and key, by head; keys and values behind those of a cache."""
    rng = np.random.default_rng(seed)
    heads, tokens = seed % 3 + 1, int(rng.integers(2, 5))
    type, rows = [(FixedType(False, 5, 0), 20), (FixedType(True, 4, 0), 6), (FixedType(False, 3, 0), 9)][seed % 3]
    blocks = Embedded(tokens, 6, seed, type, rows)
    q, k, v = (blocks.linear(blocks.x, 6) for _ in range(3))
    if rng.integers(2):
        k, v = (blocks.concat(-2, blocks.random(2, 6), new) for new in (k, v))
    if rng.integers(2):
        q = blocks.slice(q, -2, 0, 1)
    queries, keys = blocks.shape(q)[0], blocks.shape(k)[0]
    masks = [(keys,), (queries, keys), (1, queries, keys), (heads, queries, keys)]
    mask = masks[int(rng.integers(len(masks) if heads > 1 else 2))]
    return blocks.graph(masked_attention(blocks, heads, mask, q, k, v))
