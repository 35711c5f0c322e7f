"""Inputs that are directed at entries of tables which a build's own inputs do not reach.

A search as coverage-guided fuzzers do it: inputs are changed at random, and what reaches a new entry is kept and
changed again; beside it, the inputs that drove the source of a table furthest to either end: an entry that is never met
mostly lies beyond. Zalewski, "Technical whitepaper for afl-fuzz" (2016), for the loop. Everything is integers and a
seeded generator, so that a model has the same inputs on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.verify.coverage import TableCoverage
from hwflow.verify.input_changes import CHANGES
from hwflow.verify.vectors import SEED

Inputs = list[IntArray]  # of each input, (count, *shape in the model file)

WORK = 1_000_000_000
"""Elements that the reference may compute in a search: some seconds."""
MOST = 3000
"""Inferences that a search ends with."""
_BATCH = 256  # inferences at once
_LEAST, _STALE = 4, 16  # batches below which there is no search; batches without a find that end it


def directed_inputs(graph: Graph, start: Sequence[np.ndarray], work: int = WORK) -> tuple[np.ndarray, ...]:
    """Real inputs that reach entries which those of ``start`` (count, *shape), by input, do not: the best first.

    None where nothing is to be reached, and of a model whose inference is too much work for a search.
    """
    coverage = TableCoverage(graph)
    batches = work // (_BATCH * sum(t.size for t in graph.tensors.values() if not t.is_constant))
    if not coverage.sources or batches < _LEAST:
        return ()
    integers = [_integers(graph, id, array) for id, array in zip(graph.inputs, start, strict=True)]
    found = _Search(graph, coverage, integers).run(batches)
    return tuple(_real(graph, id, array) for id, array in zip(graph.inputs, found, strict=True))


class _Search:
    def __init__(self, graph: Graph, coverage: TableCoverage, start: Inputs) -> None:
        self.graph, self.coverage, self.start = graph, coverage, start
        self.rng = np.random.default_rng(SEED)
        self.found: list[Inputs] = []  # of each batch those that reached something
        self.reached: list[int] = []  # new entries of each find
        self.extremes: dict[tuple[str, int], tuple[int, Inputs]] = {}

    def run(self, batches: int) -> Inputs:
        """What was found; that with most new entries first."""
        for begin in range(0, len(self.start[0]), _BATCH):
            self._try([array[begin : begin + _BATCH] for array in self.start])
        stale = 0
        for _ in range(batches):
            if stale >= _STALE or self.coverage.complete or len(self.reached) >= MOST:
                break
            before = len(self.reached)
            self._keep(inputs := self._changed(), self._try(inputs))
            stale = 0 if len(self.reached) > before else stale + 1
        order = np.argsort(-np.array(self.reached, np.int64), kind="stable")[:MOST]
        parts = zip(*self.found, strict=True) if self.found else ((array[:0],) for array in self.start)
        return [np.concatenate(arrays)[order] for arrays in parts]

    def _try(self, inputs: Inputs) -> IntArray:
        """Run a batch; for each new entry the inference that reached it."""
        real = zip(self.graph.inputs, inputs, strict=True)
        raw = {id: reference.quantise_input(self.graph, id, _real(self.graph, id, array)) for id, array in real}
        values = reference.emulate(self.graph, raw, self.coverage.sources)
        for source in self.coverage.sources:
            self._note_extremes(source, values[source].reshape(len(inputs[0]), -1), inputs)
        return self.coverage.add(values)

    def _keep(self, inputs: Inputs, new: IntArray) -> None:
        rows, entries = np.unique(new, return_counts=True)
        if len(rows):
            self.found.append([array[rows] for array in inputs])
            self.reached += entries.tolist()

    def _note_extremes(self, source: str, values: IntArray, inputs: Inputs) -> None:
        for sign in (-1, 1):
            reach = (sign * values).max(axis=1)
            best = int(reach.argmax())
            if (source, sign) not in self.extremes or reach[best] > self.extremes[source, sign][0]:
                self.extremes[source, sign] = (int(reach[best]), [array[best : best + 1] for array in inputs])

    def _changed(self) -> Inputs:
        """A batch of inputs, each with some changes, that come from extremes, finds and the build's own."""
        pools = [[inputs for _, inputs in self.extremes.values()], self.found[-64:], [self.start]]
        parents = [self._parents(pool, _BATCH // 3) for pool in pools if pool]
        joined = [np.concatenate(parts) for parts in zip(*parents, strict=True)]
        return [self._change(id, array) for id, array in zip(self.graph.inputs, joined, strict=True)]

    def _parents(self, pool: list[Inputs], count: int) -> Inputs:
        joined = [np.concatenate(parts) for parts in zip(*pool, strict=True)]
        picks = self.rng.integers(len(joined[0]), size=count)
        return [array[picks] for array in joined]

    def _change(self, id: str, array: IntArray) -> IntArray:
        type = self.graph.tensors[id].type
        for _ in range(int(self.rng.integers(1, 4))):
            change = CHANGES[int(self.rng.integers(len(CHANGES)))]
            touched = self.rng.random(len(array)) < 0.7
            array[touched] = change(self.rng, array[touched], type.lo, type.hi)
        return np.clip(array, type.lo, type.hi)


def _integers(graph: Graph, id: str, real: np.ndarray) -> IntArray:
    type = graph.tensors[id].type
    scaled = np.rint(np.ldexp(np.asarray(real, np.float64), type.frac))
    return np.clip(scaled, type.lo, type.hi).astype(np.int64)


def _real(graph: Graph, id: str, integers: IntArray) -> np.ndarray:
    return np.ldexp(integers.astype(np.float64), -graph.tensors[id].type.frac).astype(np.float32)
