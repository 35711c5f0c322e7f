"""Integer nodes on a pipeline: element-wise ops over the lanes of a step, reductions over a row of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from hwflow.ir.graph import Graph, IntArray, Node, Tensor
from hwflow.ir.ops import Add, Clamp, Mul, ReduceMax, ReduceSum, Requantise, Shift, Sub, Table
from hwflow.ir.seams import SeamError
from hwflow.ir.types import FixedType
from hwflow.rtl import arithmetic, control, narrow, reduce, wires
from hwflow.rtl.module import Steps
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import FLAG, Signal
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources

BLOCK_WORDS, BLOCK_BITS = 128, 32  # beyond that hwflow_constants asks for block RAM
Lay = Callable[[IntArray], IntArray]
"""Constants (head, token, element) in the order of their use: (steps of a frame, lanes)."""


@dataclass
class Rows:
    """The steps of a row as a pipeline sees them.

    ``groups`` heads stand side by side, ``lanes`` elements of each are worked on in a step; a row has ``steps`` of
    them, ``spacing`` cycles apart. ``valid`` marks a step, ``last`` the end of a row.
    ``frame`` is the (head, token, element) shape that constants broadcast to, ``lay`` their order of use.
    """

    pipeline: Pipeline
    graph: Graph
    groups: int
    lanes: int
    steps: int
    spacing: int
    valid: Signal
    last: Signal
    frame: tuple[int, int, int]
    lay: Lay

    def __post_init__(self) -> None:
        self.values: dict[str, Signal] = {}

    def run(self, nodes: Sequence[Node]) -> None:
        """Put the nodes on the pipeline; ``values`` then holds their outputs."""
        for node, following in zip_longest(nodes, nodes[1:]):
            made = self._node(node, None if following is None else following.op)
            if made.type != (type := self.graph.tensors[node.output].type):
                raise SeamError(f"{self.pipeline.kernel}: {type_name(node)}", made.type, node.output, type)
            self.values[node.output] = made

    def _node(self, node: Node, following: object) -> Signal:
        p, name, type = self.pipeline, node.output, self.graph.tensors[node.output].type
        match node.op:
            case Add() | Sub():
                a, b = self._operands(node, costs.adder(type.width).delay_ps)
                return arithmetic.add(p, name, a, b, type, subtract=isinstance(node.op, Sub))
            case Mul():
                types = [t.type for t in self.graph.inputs_of(node)]
                a, b = self._operands(node, arithmetic.product_cost(*types).delay_ps)
                return arithmetic.multiply(p, name, a, b, type)
            case Requantise():
                return narrow.requantise(
                    p, name, self._value(node.inputs[0]), node.op, quick=isinstance(following, Table)
                )
            case Shift():
                return replace(self._value(node.inputs[0]), type=type)
            case Clamp():
                taken_in = following is None or isinstance(following, Requantise)
                return narrow.clamp(p, name, self._value(node.inputs[0]), node.op, type, taken_in=taken_in)
            case Table():
                entries = self.graph.tensors[node.inputs[1]]
                assert entries.values is not None
                words = entries.values.reshape(-1, 1)
                file = p.memory(entries.id, words, entries.type.width)
                return arithmetic.table(p, name, self._value(node.inputs[0]), file, words, type)
            case ReduceSum():
                return self._reduce(name, self._value(node.inputs[0]), type, "sum")
            case ReduceMax():
                return self._reduce(name, self._value(node.inputs[0]), type, "max")
        raise NotImplementedError(f"{type_name(node)} has no RTL")

    def _value(self, id: str) -> Signal:
        return self.values[id]

    def _reduce(self, name: str, x: Signal, type: object, operation: reduce.Operation) -> Signal:
        """Over the lanes by a tree, then over the steps of the row; the result is kept until the next one."""
        p, result = self.pipeline, self.graph.tensors[name].type
        if self.steps == 1:
            return reduce.tree(p, name, x, self.groups, result, operation)
        inner = replace(result, width=x.type.width, signed=x.type.signed) if operation == "max" else result
        part = reduce.tree(p, f"{name}_part", x, self.groups, inner, operation)
        flags = (self.valid, self.last, None)
        total = reduce.accumulate(p, f"{name}_running", part, result, 1, flags, operation)
        valid, last = (p.at(f, total.cycle) for f in (self.valid, self.last))
        end = control.both(p, f"{name}_end", valid, last)
        return control.hold(p, name, total, end, (self.steps - 1) * self.spacing)

    def _operands(self, node: Node, delay_ps: int) -> tuple[Signal, Signal]:
        """Both operands as signals of the same lanes; constants come in the cycle in which the others are used."""
        tensors = self.graph.inputs_of(node)
        p, moving = self.pipeline, [t.id for t in tensors if not t.is_constant]
        lanes = max(self.values[name].lanes for name in moving)
        if any(t.is_constant and t.shape[-1:] not in ((), (1,)) for t in tensors):
            lanes = self.groups * self.lanes
        placed, cycle, _ = p.place([self.values[name] for name in moving], delay_ps)
        there = dict(zip(moving, placed, strict=True))
        signals = [
            self._constant(node, t, lanes, cycle) if t.is_constant else wires.wide(p, there[t.id], lanes)
            for t in tensors
        ]
        return signals[0], signals[1]

    def _constant(self, node: Node, tensor: Tensor, lanes: int, cycle: int) -> Signal:
        """A number in the code where it never changes, else a memory that is read step by step."""
        assert tensor.values is not None
        words = self._words(tensor, lanes)
        p, name = self.pipeline, f"{node.output}_{tensor.id}"
        if (words == words[0]).all():
            return fixed(p, name, words[0], tensor.type, cycle)
        return constants(p, name, words, tensor.type, p.at(self.valid, cycle))

    def _words(self, tensor: Tensor, lanes: int) -> IntArray:
        assert tensor.values is not None
        values = tensor.values.reshape((1,) * (3 - len(tensor.shape)) + tensor.shape[-3:])  # further axes are 1
        if lanes == self.groups and self.lanes > 1:  # one number a row
            heads, tokens = self.frame[:2]
            words: IntArray = np.broadcast_to(values, (heads, tokens, 1))[..., 0].T
            return np.repeat(words, self.steps, axis=0) if len(np.unique(words, axis=0)) > 1 else words[:1]
        return shortest_period(self.lay(np.broadcast_to(values, self.frame)))


def element_rows(
    p: Pipeline, graph: Graph, simd: int, frame: tuple[int, int], steps: Steps, valid: Signal | None = None,
    steps_in_row: int = 1,
) -> Rows:  # fmt: skip
    """Rows of ``frame`` = (tokens, elements) without heads, SIMD elements in a step."""
    tokens, elements = frame
    return Rows(
        p, graph, 1, simd, steps_in_row, 1, steps.active if valid is None else valid, steps.last,
        (1, tokens, elements), lambda values: values.reshape(tokens * (elements // simd), simd),
    )  # fmt: skip


def recurring(p: Pipeline, name: str, words: IntArray, type: FixedType, advance: Signal) -> Signal:
    """Constants (words, lanes), the next one with every ``advance``: a number in the code where they never change."""
    words = shortest_period(words)
    several = len(words) > 1
    return constants(p, name, words, type, advance) if several else fixed(p, name, words[0], type, advance.cycle)


def fixed(p: Pipeline, name: str, word: IntArray, type: FixedType, cycle: int) -> Signal:
    """Numbers in the code."""
    result = p.declare(Signal(name, len(word), type, cycle, values=tuple(int(n) for n in word)))
    p.lines.append(f"    assign {name} = {vector(word, type.width)};")
    return result


def flags(p: Pipeline, name: str, words: IntArray, advance: Signal) -> Signal:
    """Bits (words, lanes) that tell the firings of a round apart."""
    return recurring(p, name, words.astype(np.int64), FLAG, advance)


def constants(p: Pipeline, name: str, words: IntArray, type: FixedType, advance: Signal) -> Signal:
    """A memory (words, lanes) of which every ``advance`` takes the next word; seen in the cycle of ``advance``."""
    lanes = words.shape[1]
    result = Signal(name, lanes, type, advance.cycle, 0)
    file = p.memory(name, words, type.width)
    parameters = {"WORDS": len(words), "WIDTH": result.bits, "FILE": f'"{file}"'}
    ports = {"clk": "clk", "rst": "rst", "advance": advance.name, "word": name}
    p.instance("hwflow_constants", f"{name}_memory", parameters, ports)
    address = (len(words) - 1).bit_length()
    memory = costs.rom(words, type.width, blocks=len(words) > BLOCK_WORDS and result.bits >= BLOCK_BITS)
    registers = costs.varying_bits(words, type.width) if not memory.resources.bram18 else 0
    result = p.declare(replace(result, ps=0 if registers else costs.block_ps(len(words))))
    p.spend(memory.resources + Resources(lut=2 * address, ff=registers + address))
    return result


def memory(p: Pipeline, name: str, address: Signal, words: IntArray, type: FixedType) -> Signal:
    """A word of a memory (words, lanes) with a register at its output; as many words as there are addresses."""
    cost = costs.rom(words, type.width)
    block = bool(cost.resources.bram18)
    (placed,), cycle, _ = p.place([address], cost.delay_ps)
    result = p.declare(Signal(name, words.shape[1], type, cycle + 1, costs.block_ps(len(words)) if block else 0))
    file = p.memory(name, words, type.width)
    parameters = {"LANES": 1, "ADDRESS": address.type.width, "WIDTH": result.bits, "FILE": f'"{file}"'}
    p.instance("hwflow_table_ram", f"{name}_memory", parameters, {"clk": "clk", "x": placed.name, "y": name})
    p.spend(cost.resources + Resources(ff=0 if block else costs.varying_bits(words, type.width)))
    return result


def shortest_period(words: IntArray) -> IntArray:
    """The first words of a sequence that repeats them."""
    count = len(words)
    for period in (n for n in range(1, count // 2 + 1) if count % n == 0):
        if (words.reshape(count // period, period, -1) == words[:period]).all():
            return words[:period]
    return words


def vector(numbers: IntArray, width: int) -> str:
    """A vector literal, lane 0 lowest."""
    value = 0
    for number in reversed([int(n) for n in numbers]):
        value = value << width | number & (1 << width) - 1
    return f"{len(numbers) * width}'h{value:x}"


def type_name(node: Node) -> str:
    """The op's name."""
    return type(node.op).__name__
