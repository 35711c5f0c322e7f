"""The ladder of tests that every op of the integer graph climbs, and strategies for its inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from hwflow.errors import UserError
from hwflow.ir import reference, serialise
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import IntArray, Op
from hwflow.ir.types import FixedType

BATCH = 3
Exact = np.ndarray  # of Python integers, dtype object


def fixed_types(max_width: int = 32, max_frac: int = 40) -> st.SearchStrategy[FixedType]:
    """Every width, both signs, fractions below 0 and above the width."""
    return st.builds(FixedType, st.booleans(), st.integers(1, max_width), st.integers(-8, max_frac))


def integers_of(type: FixedType, shape: Sequence[int], seed: int) -> IntArray:
    """Integers of a type: its ends are met often."""
    rng = np.random.default_rng(seed)
    values = rng.integers(type.lo, type.hi + 1, size=shape, dtype=np.int64)
    ends = rng.choice([type.lo, type.hi, min(type.lo + 1, type.hi), max(type.hi - 1, type.lo), 0], size=shape)
    return np.where(rng.random(size=shape) < 0.5, values, ends)


def exact(array: IntArray) -> Exact:
    """The same as Python integers, which do not wrap."""
    return array.astype(object)


class Climb:
    """One op on dynamic inputs and constants, all drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.builder = GraphBuilder()
        self.feeds: dict[str, IntArray] = {}
        self._seed = seed

    def input(self, type: FixedType, *shape: int) -> tuple[str, Exact]:
        """A graph input and its integers (BATCH, *shape)."""
        id = self.builder.input(shape, type)
        self._seed += 1
        self.feeds[id] = integers_of(type, (BATCH, *shape), self._seed)
        return id, exact(self.feeds[id])

    def constant(self, type: FixedType, *shape: int) -> tuple[str, Exact]:
        """A constant of a type and its integers."""
        self._seed += 1
        values = integers_of(type, shape, self._seed)
        return self.builder.constant(values, type.frac, type), exact(values)

    def add(self, op: Op, *inputs: str) -> str:
        """The node under test; an accumulator that is refused is no example."""
        try:
            return self.builder.add(op, *inputs)
        except UserError as error:
            assume("accumulator" not in str(error))
            raise

    def check(self, output: str, expected: Exact, partial: Sequence[Exact] = ()) -> None:
        """All rungs. ``partial``: sums that some order of evaluation meets on the way."""
        graph = self.builder.build([output])
        found = reference.run(graph, self.feeds)[output]
        assert found.shape == (BATCH, *graph.tensors[output].shape) == expected.shape
        assert found.tolist() == expected.tolist()
        self._check_bounds(output, found, partial)
        text = serialise.dumps(graph)
        again = serialise.loads(text)
        assert serialise.dumps(again) == text
        assert np.array_equal(reference.run(again, self.feeds)[output], found)
        for count in (0, 1, BATCH):
            some = {id: array[:count] for id, array in self.feeds.items()}
            assert np.array_equal(reference.emulate(graph, some)[output], found[:count])

    def _check_bounds(self, output: str, found: IntArray, partial: Sequence[Exact]) -> None:
        bounds, peak = self.builder.bounds(output), self.builder.peak(output)
        assert np.all(bounds.lo <= found) and np.all(found <= bounds.hi)
        assert self.builder.tensor(output).type.holds(int(bounds.lo.min()), int(bounds.hi.max()))
        assert max(abs(int(n)) for array in (found, *partial) for n in array.ravel()) <= peak
