"""A graph of adders over shifted values: the products of inputs with a constant matrix.

Values are numbered: the K inputs first, then the adders in the order of their making, operands before their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.types import FixedType, type_for

Bounds = tuple[int, int]  # smallest and largest integer


@dataclass(frozen=True, slots=True)
class Term:
    """A value times 2**shift, or minus that."""

    value: int
    shift: int
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Adder:
    """The sum of two terms, at most one of which is negative and at least one of which has shift 0.

    ``level``: adders in a row up to this one, itself included. ``lo``, ``hi``: the exact range of the sum.
    """

    a: Term
    b: Term
    level: int
    lo: int
    hi: int


@dataclass(frozen=True)
class AdderGraph:
    """Adders and outputs for inputs in known ranges; an output is a term that is never negative, or None for 0."""

    inputs: tuple[Bounds, ...]
    adders: tuple[Adder, ...]
    outputs: tuple[Term | None, ...]

    @cached_property
    def levels(self) -> int:
        """Adders in a row on the longest path."""
        return max((adder.level for adder in self.adders), default=0)

    def level(self, value: int) -> int:
        """0 for an input."""
        adder = value - len(self.inputs)
        return self.adders[adder].level if adder >= 0 else 0

    def bounds(self, value: int) -> Bounds:
        """The smallest and the largest that a value becomes."""
        adder = value - len(self.inputs)
        return (self.adders[adder].lo, self.adders[adder].hi) if adder >= 0 else self.inputs[value]

    def type(self, value: int) -> FixedType:
        """The narrowest integer type of a value; narrower than its range where no sum reads the highest bits."""
        return self._types[value]

    @cached_property
    def _types(self) -> tuple[FixedType, ...]:
        types = [type_for(*self.bounds(value), 0) for value in range(len(self.inputs) + len(self.adders))]
        read = [0] * len(types)  # bits, for sums are right modulo their width
        for output in filter(None, self.outputs):
            read[output.value] = types[output.value].width
        for value in reversed(range(len(types))):
            types[value] = replace(types[value], width=max(1, min(types[value].width, read[value])))
            for term in self._operands(value):
                read[term.value] = max(read[term.value], types[value].width - term.shift)
        return tuple(types)

    def _operands(self, value: int) -> tuple[Term, ...]:
        adder = value - len(self.inputs)
        return (self.adders[adder].a, self.adders[adder].b) if adder >= 0 else ()

    @cached_property
    def used(self) -> frozenset[int]:
        """Values that an adder or an output reads."""
        operands = chain.from_iterable((adder.a.value, adder.b.value) for adder in self.adders)
        return frozenset(chain(operands, (output.value for output in self.outputs if output)))

    def evaluate(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """(..., K) -> (..., N), adder by adder."""
        values = [x[..., k].astype(np.int64) for k in range(len(self.inputs))]
        for adder in self.adders:
            values.append(_term(values, adder.a) + _term(values, adder.b))
        zero = np.zeros(x.shape[:-1], np.int64)
        return np.stack([_term(values, output) if output else zero for output in self.outputs], axis=-1)


def _term(values: Sequence[NDArray[np.int64]], term: Term) -> NDArray[np.int64]:
    shifted = values[term.value] << term.shift
    return -shifted if term.negative else shifted
