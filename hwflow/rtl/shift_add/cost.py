"""What a graph of adders takes up, and how long its levels last."""

from __future__ import annotations

from collections.abc import Iterable

from hwflow.ir.types import FixedType
from hwflow.rtl.shift_add.graph import Adder, AdderGraph, Term
from hwflow.rtl.shift_add.stages import Stages
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources


def cost(graph: AdderGraph, registers: Iterable[int] = ()) -> Resources:
    """LUTs and flip-flops with registers after the given levels, as Yosys 0.70 maps the module for UltraScale+."""
    waits = Stages.of(graph, registers).waits
    luts, inverted = 0, set[tuple[int, int]]()
    for value, adder in enumerate(graph.adders, len(graph.inputs)):
        pairs = _operand_bits(graph, adder, graph.type(value).width)
        luts += len({(i, j) for i, j in pairs if i is not None and j is not None})
        if adder.a.negative or adder.b.negative:
            inverted |= {(adder.a.value, i) for i, j in pairs if i is not None and j is None}
            inverted |= {(adder.b.value, j) for i, j in pairs if i is None and j is not None}
    return Resources(lut=luts + len(inverted), ff=sum(graph.type(value).width * wait for value, wait in waits.items()))


def level_ps(graph: AdderGraph) -> list[int]:
    """Picoseconds of the slowest adder on each level, its net included."""
    slowest = [0] * graph.levels
    for value, adder in enumerate(graph.adders, len(graph.inputs)):
        delay = costs.adder(carry_bits(graph, value)).delay_ps
        slowest[adder.level - 1] = max(slowest[adder.level - 1], delay)
    return slowest


def carry_bits(graph: AdderGraph, value: int) -> int:
    """Length of an adder's carry chain: the low bits of one operand pass by where the other, if added, has none."""
    adder = graph.adders[value - len(graph.inputs)]
    return max(1, graph.type(value).width - _passed(adder))


def _passed(adder: Adder) -> int:
    return max(0 if other.negative else term.shift for term, other in ((adder.a, adder.b), (adder.b, adder.a)))


def _operand_bits(graph: AdderGraph, adder: Adder, width: int) -> list[tuple[int | None, int | None]]:
    """Which bits of the two values meet, along the carry chain.

    A LUT stands before the chain where both are there (one for all pairs of sign bits), and an inverter, shared by
    all that need it, where only one is and something is subtracted.
    """
    a, b = ((term, graph.type(term.value)) for term in (adder.a, adder.b))
    return [(_bit(*a, position), _bit(*b, position)) for position in range(_passed(adder), width)]


def _bit(term: Term, type: FixedType, position: int) -> int | None:
    """The bit of the value at a position of the shifted one; None below it, and above an unsigned number."""
    bit = position - term.shift
    if bit < 0 or (bit >= type.width and not type.signed):
        return None
    return min(bit, type.width - 1)
