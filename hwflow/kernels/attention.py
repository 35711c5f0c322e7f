"""Attention: scores, row function (scale, mask, softmax on tables), context, for every query token.

Ports q (T, heads * key), k (S, heads * key), v (S, heads * value); out (T, heads * value).
A loader fills a ping-pong buffer with the keys and values of a frame; the query row works one token after the other.
PE keys and SIMD of the wider of key and value elements are worked on a cycle, all heads side by side:
a query token takes (S / PE) * (max(key, value) / SIMD) cycles for the scores, as many for the context, overlapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.ir.graph import Node
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HlsCode, Kernel, beats, divisors, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.kernels.cost import chain, pipelined
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources

_BUFFERS = 2  # ping-pong


@dataclass(frozen=True)
class Attention(Kernel):
    """``scores`` and ``context`` are the products; ``row_nodes`` stand between them, ``tail`` behind the context."""

    kind = "attention"
    heads: int = 1
    scores: Node | None = None
    context: Node | None = None
    row_nodes: tuple[Node, ...] = ()
    tail: tuple[Node, ...] = ()

    @property
    def products(self) -> tuple[Node, Node]:
        assert self.scores is not None and self.context is not None
        return self.scores, self.context

    @property
    def tokens(self) -> int:
        return beats(self.tensor(self.inputs[0]))

    @property
    def keys(self) -> int:
        return beats(self.tensor(self.inputs[1]))

    @property
    def key(self) -> int:
        """Elements of a key, per head."""
        return width(self.tensor(self.inputs[1])) // self.heads

    @property
    def value(self) -> int:
        """Elements of a value, per head."""
        return width(self.tensor(self.inputs[2])) // self.heads

    @property
    def macs(self) -> int:
        return self.heads * self.tokens * self.keys * (self.key + self.value)

    def folds(self) -> Sequence[Fold]:
        elements = max(self.key, self.value)
        return [
            Fold(pe, simd, (self.keys // pe) * (elements // simd))
            for pe in divisors(self.keys)
            for simd in divisors(elements)
        ]

    def actors(self, fold: Fold) -> Sequence[Actor]:
        q, k, v = self.sources
        full, free = f"{self.name}.full", f"{self.name}.free"
        load = [Phase({k: 1, v: 1, free: 1}, {full: int(self.keys == 1)})]
        if self.keys > 1:
            middle = [Phase({k: 1, v: 1}, {}, 1, self.keys - 2)] if self.keys > 2 else []
            load += [*middle, Phase({k: 1, v: 1}, {full: 1})]
        return [Actor(f"{self.name}.load", tuple(load), 1), self._query(fold, q, full, free)]

    def _query(self, fold: Fold, q: str, full: str, free: str) -> Actor:
        (sink,) = self.sinks
        phases = [Phase({q: 1, full: 1}, {sink: 1, free: int(self.tokens == 1)}, fold.cycles)]
        if self.tokens > 1:
            middle = [Phase({q: 1}, {sink: 1}, fold.cycles, self.tokens - 2)] if self.tokens > 2 else []
            phases += [*middle, Phase({q: 1}, {sink: 1, free: 1}, fold.cycles)]
        depth = 2 * (fold.cycles - 1) + self.datapath(fold)[1] + 1
        return Actor(f"{self.name}.query", tuple(phases), depth, {free: 1})

    def channels(self, fold: Fold) -> Sequence[Channel]:
        return [Channel(f"{self.name}.full", _BUFFERS), Channel(f"{self.name}.free", _BUFFERS, _BUFFERS)]

    def resources(self, fold: Fold) -> Resources:
        k, v = (self.tensor(i) for i in self.inputs[1:])
        bits = _BUFFERS * (k.size * k.type.width + v.size * v.type.width)
        return self.datapath(fold)[0] + Resources(ff=bits, lut=bits // 2)

    def datapath(self, fold: Fold) -> tuple[Resources, int]:
        q, k, v = (self.tensor(i).type for i in self.inputs)
        score, context = (self.tensor(n.output).type for n in self.products)
        probability = self.tensor(self.context.inputs[0]).type if self.context else v
        key_lanes, value_lanes = min(fold.simd, self.key), min(fold.simd, self.value)
        dot = (fold.pe * key_lanes * _times(q, k)).then(fold.pe * costs.adder_tree(key_lanes, score.width))
        row_lanes = max(1, fold.pe * fold.simd // max(self.key, self.value))
        row = chain(self.graph, self.row_nodes, row_lanes)
        mix = (fold.pe * value_lanes * _times(probability, v)).then(
            value_lanes * costs.adder_tree(fold.pe, context.width)
        )
        one_head = dot.then(row).then(mix).then(chain(self.graph, self.tail, value_lanes))
        return pipelined(self.heads * one_head, self.heads * self.keys * score.width // 2, self.clock_mhz)

    def hls(self, fold: Fold) -> HlsCode:
        score, context = self.products
        writer = FunctionWriter(self.name, self.graph)
        body = writer.row(self.row_nodes, score.output, context.inputs[0])
        body += writer.element(self.tail, [context.output], self.output)
        numbers = {
            "heads": self.heads, "tokens": self.tokens, "keys": self.keys, "key": self.key, "value": self.value,
            "cycles": fold.cycles,
        }  # fmt: skip
        ids = {"score_t": score.output, "probability_t": context.inputs[0], "context_t": context.output}
        types = {name: self.tensor(id).type for name, id in ids.items()}
        text = config(f"{self.name}_config", numbers, types, body)
        return HlsCode("attention.h", "attention", text, (), writer.tables)


def _times(a: FixedType, b: FixedType) -> costs.Cost:
    """A product of two computed numbers; an unsigned one counts a bit more."""
    return costs.multiplier(a.width + (not a.signed), b.width + (not b.signed))
