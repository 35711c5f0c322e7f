"""Small integer graphs that use every op."""

from __future__ import annotations

import numpy as np

from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import (
    Add,
    Clamp,
    Concat,
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
)
from hwflow.ir.types import FixedType

TOKENS, FEATURES, DIM = 3, 4, 4
SCORE = FixedType(True, 6, 3)


def attention(seed: int = 0) -> Graph:
    """Two dense layers and an attention head of (3, 4) elements, whose softmax is written as tables; 3 outputs."""
    rng = np.random.default_rng(seed)
    b = GraphBuilder()
    x = b.input((TOKENS, FEATURES), FixedType(True, 5, 3))
    h = b.add(Clamp(0, None), _dense(b, rng, x, FEATURES, DIM))
    h = b.add(Requantise(FixedType(False, 5, 2)), h)
    q, k, v = (b.add(Requantise(FixedType(True, 5, 2)), _dense(b, rng, h, DIM, DIM)) for _ in range(3))
    scores = b.add(Shift(-1), b.add(MatMul(), q, b.add(Transpose((1, 0)), k)))
    weights = _softmax(b, b.add(Requantise(SCORE), scores))
    mixed = b.add(Requantise(FixedType(True, 6, 3), narrow=True), b.add(MatMul(), weights, v))
    both = b.add(Requantise(FixedType(True, 6, 2), "floor"), b.add(Add(), mixed, h))
    head = b.add(Slice(-1, 0, 3), both)
    joined = b.add(Reshape((TOKENS * 5,)), b.add(Concat(-1), head, b.add(Slice(-1, 1, 4, 2), mixed)))
    y = _dense(b, rng, joined, TOKENS * 5, 3)
    return b.build([b.add(Requantise(FixedType(True, 8, 3)), y)])


def token_mix() -> Graph:
    """A constant from the left, whose rows are multiples of two, and an input element that no output reads."""
    rng = np.random.default_rng(3)
    b = GraphBuilder()
    x = b.input((4, 3), FixedType(True, 4, 0))
    mixed = b.add(MatMul(), b.constant(2 * rng.integers(-3, 4, (2, 4)), 0), b.add(Slice(-1, 0, 2), x))
    return b.build([b.add(Requantise(FixedType(True, 5, -1)), mixed)])


def dense(type: FixedType, weights: np.ndarray, bias: np.ndarray | None = None) -> Graph:
    """One matrix product, with a bias, named ``product`` and ``sum``."""
    b = GraphBuilder()
    x = b.input((weights.shape[0],), type)
    y = b.add(MatMul(), x, b.constant(weights, 0))
    b.name(y, "product")
    if bias is not None:
        y = b.add(Add(), y, b.constant(bias, 0))
        b.name(y, "sum")
    return b.build([y])


def _dense(b: GraphBuilder, rng: np.random.Generator, x: str, rows: int, columns: int) -> str:
    product = b.add(MatMul(), x, b.constant(rng.integers(-7, 8, (rows, columns)), 3))
    return b.add(Add(), product, b.constant(rng.integers(-20, 21, columns), 5))


def _softmax(b: GraphBuilder, scores: str) -> str:
    below = b.add(Sub(), b.add(ReduceMax(-1), scores), scores)
    address = b.tensor(below).type
    steps = np.arange(1 << address.width) * address.step
    terms = b.add(Table(), below, b.constant(np.rint(31 * np.exp(-steps)), 5, FixedType(False, 5, 5)))
    total = b.add(ReduceSum(-1), terms)
    sums = np.maximum(np.arange(1 << b.tensor(total).type.width), 1)
    inverse = b.add(Table(), total, b.constant(np.minimum(np.rint(32 * 31 / sums), 63), 5, FixedType(False, 6, 5)))
    return b.add(Requantise(FixedType(False, 6, 6)), b.add(Mul(), terms, inverse))


def convolution() -> Graph:
    """A padded kernel over an image of (2, 4, 3), channels first as in a file; the greatest of its pixels; a layer."""
    rng = np.random.default_rng(4)
    b = GraphBuilder()
    image = b.add(Transpose((1, 2, 0)), b.input((2, 4, 3), FixedType(True, 4, 2)))
    windows = b.add(Reshape((6, 8)), b.add(Window((2, 2), (2, 1), (0, 0, 0, 1)), image))
    pixels = b.add(
        Requantise(FixedType(False, 5, 2)), b.add(MatMul(), windows, b.constant(rng.integers(-3, 4, (8, 3)), 1))
    )
    flat = b.add(Reshape((3,)), b.add(ReduceMax(-2, False), pixels))
    return b.build([b.add(Requantise(FixedType(True, 6, 2)), _dense(b, rng, flat, 3, 2))])


def no_weights() -> Graph:
    """A layer of zeros, named ``dead``, in front of another."""
    b = GraphBuilder()
    dead = b.add(MatMul(), b.input((2,), FixedType(True, 4, 2)), b.constant(np.zeros((2, 3)), 0))
    b.name(dead, "dead")
    return b.build([b.add(MatMul(), dead, b.constant(np.ones((3, 2)), 0))])
