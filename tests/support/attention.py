"""Random attention with masks, caches and few queries, and embeddings."""

from __future__ import annotations

import numpy as np

from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph, IntArray
from hwflow.ir.ops import Add, MatMul, ReduceMax, Requantise, Reshape, Shift, Sub, Transpose
from hwflow.ir.types import FixedType
from tests.support.blocks import I8, U8, Blocks

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


def late_masks(seed: int) -> Graph:
    """Masks behind the quantiser of the scores, so that a term is far wider than the greatest one of its row.

    By key, by query and key, by head; one key lifted above all others, which makes the greatest of signed scores
    unsigned; a row of channels and a frame with constants added in the same way. Each on its own kernel.
    """
    rng = np.random.default_rng(seed)
    blocks = Blocks(4, 2, seed)
    b, (q, k, v) = blocks.builder, (blocks.linear(blocks.x, 2) for _ in range(3))
    masks = [_mask(rng, shape) for shape in ((4,), (4, 4), (2, 4, 4))]
    masks.append(np.array([0, 3000, -MASKED, 0]))
    outputs = [_late(blocks, mask.shape[0] if mask.ndim == 3 else 1, mask, q, k, v) for mask in masks]
    outputs.append(_masked_softmax(blocks, b.add(Add(), q, b.constant(_mask(rng, (2,)), 4))))
    frame = b.add(Add(), b.add(Reshape((1, 8)), k), b.constant(_mask(rng, (1, 8)), 4))
    below = b.add(Requantise(FixedType(True, 8, 3)), b.add(Sub(), frame, b.add(ReduceMax(-1), frame)))
    outputs.append(blocks.requantise(b.add(Reshape((4, 2)), below)))
    return blocks.graph(blocks.concat(-1, *outputs))


def _mask(rng: np.random.Generator, shape: tuple[int, ...]) -> IntArray:
    """Some elements of each row are far below the others, by many widths; one at least is not."""
    blocked = rng.integers(0, 2, shape) * -(1 << rng.integers(8, 20, shape))
    blocked[..., int(rng.integers(shape[-1]))] = 0
    return blocked


def _late(blocks: Blocks, heads: int, mask: IntArray, q: str, k: str, v: str) -> str:
    b = blocks.builder
    scores = b.add(MatMul(), blocks.split_heads(q, heads), blocks.split_heads(k, heads, keys=True))
    scores = b.add(Add(), blocks.requantise(b.add(Shift(-3), scores)), b.constant(mask, I8.frac))
    y = b.add(MatMul(), _masked_softmax(blocks, scores), blocks.split_heads(v, heads))
    if heads > 1:
        y = b.add(Reshape(blocks.shape(v)), b.add(Transpose((1, 0, 2)), y))
    return blocks.requantise(y)


def _masked_softmax(blocks: Blocks, scores: str) -> str:
    """What is far below the greatest saturates in front of the table."""
    b = blocks.builder
    below = b.add(Requantise(FixedType(True, 8, 3)), b.add(Sub(), scores, b.add(ReduceMax(-1), scores)))
    return blocks.table(below, U8)
