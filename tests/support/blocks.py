"""Pieces of transformers as integer graphs, in the forms that exporters write."""

from __future__ import annotations

import numpy as np

from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import (
    Add,
    Clamp,
    Concat,
    Lookup,
    MatMul,
    Mul,
    ReduceMax,
    ReduceSum,
    Requantise,
    Reshape,
    Shift,
    Slice,
    Sub,
    Table,
    Transpose,
    Window,
)  # fmt: skip
from hwflow.ir.types import FixedType

I8, U8 = FixedType(True, 8, 4), FixedType(False, 8, 8)


class Blocks:
    """Adds blocks to a builder; every block takes and gives tensors of 8 bits, (tokens, channels)."""

    def __init__(self, tokens: int = 4, channels: int = 6, seed: int = 0) -> None:
        self.builder = GraphBuilder()
        self.rng = np.random.default_rng(seed)
        self.x = self.builder.input((tokens, channels), I8)

    def shape(self, id: str) -> tuple[int, ...]:
        return self.builder.tensor(id).shape

    def graph(self, *outputs: str) -> Graph:
        return self.builder.build(list(outputs))

    def random(self, *shape: int, bits: int = 5) -> str:
        """Constant integers."""
        return self.builder.constant(self.rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), size=shape), 3)

    def scalar(self, value: int = 3, frac: int = 2) -> str:
        return self.builder.constant(np.asarray(value), frac)

    def requantise(self, id: str, type: FixedType = I8) -> str:
        return self.builder.add(Requantise(type), id)

    def table(self, id: str, type: FixedType = I8) -> str:
        """A table with random entries."""
        entries = self.rng.integers(type.lo, type.hi + 1, size=1 << self.builder.tensor(id).type.width)
        return self.builder.add(Table(), id, self.builder.constant(entries, type.frac, type))

    def linear(self, id: str, out: int, bias: bool = True, relu: bool = False) -> str:
        y = self.builder.add(MatMul(), id, self.random(self.shape(id)[-1], out))
        y = self.builder.add(Add(), y, self.random(out)) if bias else y
        y = self.requantise(y)
        return self.builder.add(Clamp(0, None), y) if relu else y

    def split_heads(self, id: str, heads: int, keys: bool = False) -> str:
        """(T, H * d) to (H, T, d), or to (H, d, T) for keys."""
        tokens, channels = self.shape(id)
        if heads == 1:
            return self.builder.add(Transpose((1, 0)), id) if keys else id
        split = self.builder.add(Reshape((tokens, heads, channels // heads)), id)
        return self.builder.add(Transpose((1, 2, 0) if keys else (1, 0, 2)), split)

    def softmax(self, id: str, maximum: bool = True) -> str:
        """Tables for the exponential and the reciprocal of the sum."""
        b = self.builder
        y = b.add(Sub(), id, b.add(ReduceMax(-1), id)) if maximum else id
        powers = self.table(self.requantise(y), U8)
        total = self.requantise(b.add(ReduceSum(-1), powers), FixedType(False, 8, 6))
        return self.requantise(b.add(Mul(), powers, self.table(total, U8)), U8)

    def attend(
        self, q: str, k: str, v: str, heads: int = 1, maximum: bool = True, mask: bool = False, tail: bool = True
    ) -> str:
        b = self.builder
        tokens, keys = self.shape(q)[0], self.shape(k)[0]
        scores = b.add(MatMul(), self.split_heads(q, heads), self.split_heads(k, heads, keys=True))
        scores = b.add(Shift(-1), scores)
        scores = b.add(Add(), scores, self.random(tokens, keys)) if mask else scores
        rows = self.softmax(self.requantise(scores), maximum)
        y = b.add(MatMul(), rows, self.split_heads(v, heads))
        y = b.add(Transpose((1, 0, 2)), y) if heads > 1 else y
        y = b.add(Reshape((tokens, self.shape(v)[1])), y) if heads > 1 else y
        return self.requantise(y) if tail else y

    def attention(self, id: str, heads: int = 1, width: int = 6, packed: bool = False, **options: bool) -> str:
        """Projections, attention, output projection."""
        if packed:
            all = self.linear(id, 3 * width)
            q, k, v = (self.builder.add(Slice(-1, i * width, (i + 1) * width), all) for i in range(3))
        else:
            q, k, v = (self.linear(id, width) for _ in range(3))
        return self.attend(q, k, v, heads, **options)

    def token_mix(self, id: str, rows: int) -> str:
        """Linformer's projection of the tokens, with the transposes that a linear layer needs."""
        b = self.builder
        moved = b.add(Transpose((1, 0)), id)
        mixed = self.requantise(b.add(MatMul(), moved, self.random(self.shape(id)[0], rows)))
        return b.add(Transpose((1, 0)), mixed)

    def layer_norm(self, id: str, centred: bool = True) -> str:
        """LayerNorm, or RMSNorm when it is not centred; channels are a power of two or not, all the same."""
        b = self.builder
        channels = self.shape(id)[-1]
        mean = b.add(Mul(), b.add(ReduceSum(-1), id), self.scalar(round(256 / channels), 8)) if centred else id
        y = b.add(Sub(), id, mean) if centred else id
        squares = b.add(ReduceSum(-1), b.add(Mul(), y, y))
        factor = self.table(self.requantise(squares, FixedType(False, 8, 2)), U8)
        scaled = self.requantise(b.add(Mul(), y, factor))
        return self.requantise(b.add(Add(), b.add(Mul(), scaled, self.random(channels)), self.random(channels)))

    def frame_norm(self, id: str, centred: bool = True, per_element: bool = False) -> str:
        """GroupNorm with one group: statistics over tokens and channels, an affine map for each channel or element."""
        b, shape = self.builder, self.shape(id)
        count = int(np.prod(shape))
        y = row = b.add(Reshape((1, count)), id)
        if centred:
            mean = self.requantise(b.add(Shift(-count.bit_length()), b.add(ReduceSum(-1), row)))
            y = self.requantise(b.add(Sub(), row, b.add(Mul(), mean, self.scalar(5))))
        squares = b.add(ReduceSum(-1), b.add(Mul(), y, y))
        factor = self.table(self.requantise(b.add(Shift(-3), squares), FixedType(False, 8, 0)), U8)
        scaled = self.requantise(b.add(Mul(), y, factor))
        scaled = self.requantise(b.add(Mul(), scaled, self.random(1, count))) if per_element else scaled
        scaled = b.add(Reshape(shape), scaled)
        affine = b.add(Add(), b.add(Mul(), scaled, self.random(shape[-1])), self.random(shape[-1]))
        return self.requantise(affine)

    def residual(self, *ids: str) -> str:
        y = ids[0]
        for other in ids[1:]:
            y = self.builder.add(Add(), y, other)
        return self.requantise(y)

    def pool(self, id: str, maximum: bool = False) -> str:
        op = (ReduceMax if maximum else ReduceSum)(-2, False)
        return self.requantise(self.builder.add(Shift(-2), self.builder.add(op, id)))

    def lookup(self, id: str, rows: int, channels: int) -> str:
        """An embedding of the integers of (tokens, 1)."""
        table = self.builder.constant(self.rng.integers(-128, 128, (rows, channels)), 4, I8)
        return self.builder.add(Lookup(), id, table)

    def slice(self, id: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        return self.builder.add(Slice(axis, start, stop, step), id)

    def concat(self, axis: int, *ids: str) -> str:
        return self.builder.add(Concat(axis), *ids)

    def squeeze_excite(self, id: str, swapped: bool = False) -> str:
        """Channels times factors that two layers make of the mean over the tokens."""
        channels = self.shape(id)[-1]
        mean = self.builder.add(Reshape((1, channels)), self.pool(id))
        factors = self.table(self.linear(self.linear(mean, 2, relu=True), channels), U8)
        return self.requantise(self.builder.add(Mul(), *((factors, id) if swapped else (id, factors))))

    def resize(self, id: str, width: int) -> str:
        """Tokens as narrower or wider ones."""
        return self.builder.add(Reshape((int(np.prod(self.shape(id))) // width, width)), id)

    def flatten(self, id: str) -> str:
        return self.builder.add(Reshape((int(np.prod(self.shape(id))),)), id)


def random_transformer(seed: int) -> Graph:
    """Two to four blocks, drawn at random, and a head."""
    rng = np.random.default_rng(seed)
    heads = int(rng.choice([1, 2, 3]))
    blocks = Blocks(int(rng.integers(2, 6)), 6, seed)
    y = blocks.x
    for _ in range(int(rng.integers(2, 5))):
        match rng.integers(6):
            case 0:
                y = blocks.linear(y, 6, bias=bool(rng.integers(2)), relu=bool(rng.integers(2)))
            case 1:
                y = blocks.residual(y, blocks.attention(y, heads, packed=bool(rng.integers(2))))
            case 2:
                mixed = blocks.token_mix(blocks.linear(y, 6), 3)
                y = blocks.attend(blocks.linear(y, 6), mixed, mixed, heads, maximum=bool(rng.integers(2)))
            case 3:
                y = blocks.layer_norm(y, centred=bool(rng.integers(2)))
            case 4:
                y = blocks.residual(y, blocks.linear(blocks.linear(y, 12, relu=True), 6), y)
            case 5:
                y = blocks.table(y)
    match rng.integers(4):
        case 0:
            y = blocks.linear(blocks.flatten(blocks.linear(y, 4)), 3)
        case 1:
            y = blocks.linear(blocks.pool(y, maximum=bool(rng.integers(2))), 3)
        case 2:
            y = blocks.softmax(blocks.linear(y, 4))
    return blocks.graph(y)


def random_routes(seed: int) -> Graph:
    """Channels and tokens cut, joined again with constants and with other types; factors of a frame."""
    rng = np.random.default_rng(seed)
    blocks = Blocks(int(rng.integers(3, 6)), 6, seed)
    y = blocks.residual(blocks.linear(blocks.x, 6), blocks.x)
    cut = int(rng.integers(1, 6))
    rest = blocks.slice(y, -1, cut, 6)
    parts = [
        blocks.linear(blocks.slice(y, -1, 0, cut), cut),
        blocks.requantise(rest, FixedType(True, 6, 3)) if rng.integers(2) else rest,
        *([y] if rng.integers(2) else []),
        *([blocks.random(blocks.shape(y)[0], 2)] if rng.integers(2) else []),
    ]
    y = blocks.linear(blocks.concat(-1, *(parts[i] for i in rng.permutation(len(parts)))), 6)
    if rng.integers(2):
        y = blocks.squeeze_excite(y, swapped=bool(rng.integers(2)))
    tokens = blocks.shape(y)[0]
    start = int(rng.integers(tokens - 1))
    stop = int(rng.integers(start + 1, tokens + 1))
    zeros = blocks.builder.constant(np.zeros((2, 6), np.int64), 3, FixedType(True, 8, 3))
    constants = [zeros, blocks.random(int(rng.integers(1, 3)), 6)][: int(rng.integers(3))]
    parts = [blocks.slice(y, -2, start, stop, int(rng.integers(1, 3))), y, *constants]
    y = blocks.concat(-2, *(parts[i] for i in rng.permutation(len(parts))))
    return blocks.graph(blocks.linear(y, 3))


def spare_range(seed: int) -> Graph:
    """Every movement behind a quantiser of 10 bits whose numbers need 8, in front of every kind of kernel."""
    blocks = Blocks(4, 4, seed)
    b = blocks.builder

    def spare() -> str:
        return blocks.requantise(b.add(Shift(-1), blocks.linear(blocks.x, 4)), FixedType(True, 10, 4))

    y = spare()
    windows = b.add(Window((2, 1)), b.add(Reshape((4, 1, 4)), y))
    outputs = [
        blocks.requantise(b.add(Shift(-2), y)),
        blocks.linear(blocks.slice(y, -2, 0, 1), 2),
        blocks.residual(blocks.slice(y, -1, 0, 2), blocks.slice(y, -1, 2, 4)),
        blocks.linear(blocks.flatten(y), 2),
        blocks.linear(b.add(Reshape((3, 8)), windows), 2),
        blocks.requantise(b.add(Reshape((3, 4)), b.add(ReduceMax(-2, False), windows))),
        blocks.table(blocks.resize(y, 2)),
        blocks.requantise(blocks.concat(-2, y, blocks.random(1, 4))),
        blocks.requantise(blocks.concat(-1, spare(), blocks.random(4, 1))),
        blocks.token_mix(y, 2),
        blocks.frame_norm(y),
        blocks.attend(y, spare(), spare(), heads=2),
    ]
    return blocks.graph(*outputs)
