"""Attention: scores, row function (scale, mask, softmax on tables), context, for every query token.

Ports q (T, heads * key), k (S, heads * key), v (S, heads * value); out (T, heads * value).
A loader fills a ping-pong buffer with the keys and values of a frame; the query row works one token after the other.
PE keys are worked on at once, SIMD elements of the wider of key and value a cycle, all heads side by side:
a query token takes (S / PE) * (max(key, value) / SIMD) cycles for the scores, as many for the context, overlapped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwflow.ir.graph import Node
from hwflow.kernels.base import HlsCode, Kernel, beats, divisors, width
from hwflow.kernels.code import FunctionWriter, config
from hwflow.rtl.arithmetic import product_cost
from hwflow.rtl.beats import interleave, pack, part_of
from hwflow.rtl.control import counter, every, hold
from hwflow.rtl.module import KernelModule, Steps
from hwflow.rtl.reduce import accumulate, dot, outer, tree
from hwflow.rtl.rows import Rows
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold

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
            Fold(pe, elements // parts, (self.keys // pe) * parts)
            for pe in divisors(self.keys)
            for parts in divisors(math.gcd(self.key, self.value))
        ]

    def parts(self, fold: Fold) -> int:
        """Steps for the elements of PE keys."""
        return max(self.key, self.value) // fold.simd

    def actors(self, fold: Fold) -> Sequence[Actor]:
        q, k, v = self.sources
        full, free = f"{self.name}.full", f"{self.name}.free"
        load = [Phase({k: 1, v: 1, free: 1}, {full: int(self.keys == 1)})]
        if self.keys > 1:
            middle = [Phase({k: 1, v: 1}, {}, 1, self.keys - 2)] if self.keys > 2 else []
            load += [*middle, Phase({k: 1, v: 1}, {full: 1})]
        return [Actor(f"{self.name}.load", tuple(load), 1), self._query(fold, q, full, free)]

    def _query(self, fold: Fold, q: str, full: str, free: str) -> Actor:
        sinks = dict.fromkeys(self.sinks, 1)
        phases = [Phase({q: 1, full: 1}, {**sinks, free: int(self.tokens == 1)}, fold.cycles)]
        if self.tokens > 1:
            middle = [Phase({q: 1}, sinks, fold.cycles, self.tokens - 2)] if self.tokens > 2 else []
            phases += [*middle, Phase({q: 1}, {**sinks, free: 1}, fold.cycles)]
        return Actor(f"{self.name}.query", tuple(phases), self.rtl(fold).depth, {free: fold.cycles})

    def channels(self, fold: Fold) -> Sequence[Channel]:
        return [Channel(f"{self.name}.full", _BUFFERS), Channel(f"{self.name}.free", _BUFFERS, _BUFFERS)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, parts, groups = module.pipeline, self.parts(fold), self.keys // fold.pe
        free = module.credits(
            "free",
            _BUFFERS,
            _BUFFERS,
            "query_active && query_last && query_round_last",
            "load_start && load_round_first",
        )
        full = module.credits("full", _BUFFERS, 0, "load_start && load_round_last", "query_start && query_round_first")
        load = module.actor("load", self.keys, 1, f"(!load_round_first || {free})", [1, 2])
        able = f"(!query_round_first || {full}) && {module.room}"
        steps = module.actor("query", self.tokens, fold.cycles, able, [0])
        part_last = counter(p, "part", parts, steps.active) if parts > 1 else None
        group_end = every(p, "group_end", steps.active, part_last)
        last = counter(p, "group", groups, group_end) if groups > 1 else steps.last
        context = _Context(module, fold, steps, last, load.active)
        score = self._scores(context, part_last)
        rows = Rows(
            p, self.graph, self.heads, fold.pe, groups, parts, group_end, last, (self.heads, self.tokens, self.keys),
            lambda v: v.reshape(self.heads, self.tokens, groups, fold.pe).transpose(1, 2, 0, 3).reshape(
                self.tokens * groups, -1
            ),
        )  # fmt: skip
        rows.values[self.products[0].output] = score
        rows.run(self.row_nodes)
        probability = rows.values[self.products[1].inputs[0]]
        if parts > 1:  # from the last part of the keys to all the parts of the values
            kept = hold(p, "probability", probability, group_end)
            probability = replace(kept, cycle=kept.cycle - 1 + parts)
        self._finish(context, self._mix(context, probability))
        return module

    def _scores(self, c: _Context, part_last: Signal | None) -> Signal:
        """(heads, PE) scores at the end of each group of keys."""
        p, fold, parts = c.module.pipeline, c.fold, self.parts(c.fold)
        query = interleave(p, "query_parts", c.module.source(0), self.heads, parts)
        q = part_of(p, query, c.steps, query.lanes // parts, fold.cycles)
        key = interleave(p, "key_parts", c.module.source(1), self.heads, parts)
        k = self._buffer(c, "keys", key, c.load, c.steps.active)
        products = dot(p, "score_products", q, k, (self.heads, fold.pe, self.key // parts))
        type = self.tensor(self.products[0].output).type
        score = tree(p, "score", products, self.heads * fold.pe, type, "sum")
        if part_last is None:
            return score
        return accumulate(p, "score_total", score, type, 1, (c.steps.active, part_last, None))

    def _mix(self, c: _Context, probability: Signal) -> tuple[Signal, Signal]:
        """(heads, values) of a part of the context, and the flag of the last group of keys."""
        p, fold, parts = c.module.pipeline, c.fold, self.parts(c.fold)
        value = interleave(p, "value_parts", c.module.source(2), self.heads, parts)
        buffer = self._buffer_cost(value, fold)
        late = product_cost(probability.type, value.type).delay_ps
        cycle = p.place([probability], max(late, buffer.delay_ps + late - probability.ps))[1]
        # The values are written as much later than the keys as they are read later.
        v = self._buffer(c, "values", p.at(value, cycle), p.at(c.load, cycle), p.at(c.steps.active, cycle))
        shape = (self.heads, fold.pe, self.value // parts)
        products = outer(p, "context_products", p.at(probability, cycle), v, shape)
        type = self.tensor(self.products[1].output).type
        context = tree(p, "mixed", products, self.heads * shape[2], type, "sum")
        if self.keys == fold.pe:
            return context, c.steps.active
        context = accumulate(p, "mixed_total", context, type, parts, (c.steps.active, c.last, None))
        return context, every(p, "done", p.at(c.steps.active, context.cycle), p.at(c.last, context.cycle))

    def _buffer(self, c: _Context, name: str, token: Signal, write: Signal, read: Signal) -> Signal:
        """Keys or values of two frames; PE tokens' part of a step."""
        p, fold, parts = c.module.pipeline, c.fold, self.parts(c.fold)
        cost = self._buffer_cost(token, fold)
        result = p.declare(Signal(name, fold.pe * token.lanes // parts, token.type, read.cycle, cost.delay_ps))
        parameters = {
            "WIDTH": token.bits, "KEYS": self.keys, "PE": fold.pe, "PARTS": parts, "QUERIES": self.tokens,
            "AHEAD": int(cost.resources.bram18 > 0),
        }  # fmt: skip
        ports = {
            "clk": "clk", "rst": "rst", "write": write.name, "token": token.name, "read": read.name, "y": name,
        }  # fmt: skip
        p.instance("hwflow_token_buffer", f"{name}_buffer", parameters, ports)
        p.spend(cost)
        return result

    def _buffer_cost(self, token: Signal, fold: Fold) -> costs.Cost:
        return costs.token_buffer(token.bits, self.keys // fold.pe, fold.pe, self.parts(fold), self.tokens)

    def _finish(self, c: _Context, found: tuple[Signal, Signal]) -> None:
        context, done = found
        p, parts = c.module.pipeline, self.parts(c.fold)
        shape = (self.tokens, self.heads, parts, self.value // parts)
        done = p.at(done, context.cycle)
        rows = Rows(
            p, self.graph, 1, context.lanes, 1, 1, done, c.steps.last,
            (1, self.tokens, self.heads * self.value),
            lambda v: v.reshape(shape).swapaxes(1, 2).reshape(self.tokens * parts, -1),
        )  # fmt: skip
        rows.values[self.products[1].output] = context
        rows.run(self.tail)
        last = self.tail[-1].output if self.tail else self.products[1].output
        beat, write = pack(p, "beat", rows.values[last], done, parts)
        c.module.sink(interleave(p, "beat_heads", beat, parts, self.heads), write, "query_start")
        c.module.depth = c.fold.cycles + beat.cycle

    def hls(self, fold: Fold) -> HlsCode:
        score, context = self.products
        writer = FunctionWriter(self.name, self.graph)
        body = writer.row(self.row_nodes, [score.output], context.inputs[0])
        body += writer.element(self.tail, [context.output], self.output)
        numbers = {
            "heads": self.heads, "tokens": self.tokens, "keys": self.keys, "key": self.key, "value": self.value,
            "cycles": fold.cycles,
        }  # fmt: skip
        ids = {"score_t": score.output, "probability_t": context.inputs[0], "context_t": context.output}
        types = {name: self.tensor(id).type for name, id in ids.items()}
        text = config(f"{self.name}_config", numbers, types, body)
        return HlsCode("attention.h", "attention", text, (), writer.tables)


@dataclass(frozen=True)
class _Context:
    """What the parts of the datapath share."""

    module: KernelModule
    fold: Fold
    steps: Steps
    last: Signal  # the step belongs to the last group of keys
    load: Signal
