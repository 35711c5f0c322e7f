"""Every op of the integer graph on numbers of 1 to 32 bits, signed or not, at any fraction."""

from __future__ import annotations

from collections.abc import Callable

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
    Sub,
    Table,
)
from hwflow.ir.types import FixedType

INPUT = FixedType(True, 32, 16)


class RandomOps:
    """``graph`` has an output for each op, between random quantisers of one input of 32 bits."""

    def __init__(self, seed: int) -> None:
        self.rng, self.builder = np.random.default_rng(seed), GraphBuilder()
        self.shape = int(self.rng.integers(1, 4)), int(self.rng.choice([1, 2, 4]))
        self.x = self.builder.input(self.shape, INPUT)

    def graph(self, rounds: int = 2) -> Graph:
        kinds: list[Callable[[], str]] = [
            lambda: self.requantise(self.source()), self.clamp, self.sum, self.product, self.weighted, self.mixed,
            self.row, self.pool, self.with_constant, self.table, self.join, self.shift,
        ]  # fmt: skip
        made = [kind() for _ in range(rounds) for kind in kinds]
        return self.builder.build([self.requantise(id) if self.rng.integers(2) else id for id in made])

    def requantise(self, id: str, most: int = 32) -> str:
        type = FixedType(
            bool(self.rng.integers(2)), int(self.rng.integers(1, most + 1)), int(self.rng.integers(-20, 41))
        )
        return self.quantise(id, type)

    def quantise(self, id: str, type: FixedType) -> str:
        rounding = "half_even" if self.rng.integers(2) else "floor"
        return self.builder.add(Requantise(type, rounding, bool(self.rng.integers(2))), id)  # type: ignore[arg-type]

    def source(self, most: int = 32, frac: int | None = None) -> str:
        """The input in a type of its own, around the same point."""
        width = int(self.rng.integers(1, most + 1))
        frac = int(self.rng.integers(width - 18, width + 16)) if frac is None else frac
        return self.quantise(self.x, FixedType(bool(self.rng.integers(2)), width, frac))

    def constant(self, bits: int, *shape: int, frac: int | None = None) -> str:
        frac = int(self.rng.integers(-20, 41)) if frac is None else frac
        type = FixedType(bool(self.rng.integers(2)), int(self.rng.integers(1, bits + 1)), frac)
        return self.builder.constant(self.rng.integers(type.lo, type.hi + 1, shape), frac, type)

    def clamp(self) -> str:
        id = self.source()
        type = self.builder.tensor(id).type
        limits = (int(n) for n in self.rng.integers(2 * type.lo - 2, 2 * type.hi + 3, 2))
        low, high = (None if self.rng.integers(4) == 0 else n for n in limits)
        return self.builder.add(Clamp(low, high), id)

    def sum(self) -> str:
        id = self.source(31)
        other = self.source(20, self.builder.tensor(id).type.frac + int(self.rng.integers(-8, 9)))
        return self.builder.add(Add() if self.rng.integers(2) else Sub(), id, other)

    def product(self) -> str:
        return self.builder.add(Mul(), self.source(24), self.source(20))

    def weighted(self) -> str:
        return self.builder.add(MatMul(), self.source(12), self.constant(8, self.shape[1], 3))

    def mixed(self) -> str:
        return self.builder.add(MatMul(), self.constant(8, 2, self.shape[0]), self.source(12))

    def row(self) -> str:
        id = self.source(14)
        reduced = self.builder.add((ReduceMax if self.rng.integers(2) else ReduceSum)(-1), id)
        return self.builder.add(Sub(), *((id, reduced) if self.rng.integers(2) else (reduced, id)))

    def pool(self) -> str:
        op = (ReduceMax if self.rng.integers(2) else ReduceSum)(-2, False)
        return self.builder.add(Reshape((1, self.shape[1])), self.builder.add(op, self.source(14)))

    def with_constant(self) -> str:
        id = self.source(31)
        shape = [(1,), self.shape[1:], self.shape][int(self.rng.integers(3))]
        op = [Add(), Sub(), Mul()][int(self.rng.integers(3))]
        frac = self.builder.tensor(id).type.frac + int(self.rng.integers(-6, 7))
        operands = id, self.constant(20, *shape, frac=frac)
        return self.builder.add(op, *(operands if self.rng.integers(2) else operands[::-1]))

    def table(self) -> str:
        id = self.source(8)
        return self.builder.add(Table(), id, self.constant(14, 1 << self.builder.tensor(id).type.width))

    def join(self) -> str:
        id = self.source(20)
        frac = self.builder.tensor(id).type.frac + int(self.rng.integers(-6, 7))
        other = self.source(20, frac) if self.rng.integers(2) else self.constant(10, *self.shape, frac=frac)
        return self.builder.add(Concat(-1 if self.rng.integers(2) else -2), id, other)

    def shift(self) -> str:
        return self.builder.add(Shift(int(self.rng.integers(-9, 9))), self.source(28))
