"""Signals side by side, repeated, widened, chosen among."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwflow.ir.types import FixedType
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources


def select(p: Pipeline, name: str, one: Signal, choices: Sequence[Signal], other: Signal) -> Signal:
    """The choice whose flag is set, one of them or none, or ``other``, which is zero where there is one."""
    words = join(p, f"{name}_choices", choices)
    luts = -(-(2 * len(choices) - 1) // 5)  # a LUT6 takes three words with their flags, further ones two and a half
    more = 0 if other.values and not any(other.values) else other.bits // 2
    levels = 1 + (2 * len(choices) + (more > 0) > 6)
    cost = Cost(Resources(lut=choices[0].bits * luts + more), levels * (costs.LUT_PS + costs.NET_PS))
    parameters = {"COUNT": len(choices), "WIDTH": choices[0].bits}
    output, inputs = (choices[0].lanes, choices[0].type), {"one": one, "x": words, "other": other}
    return p.combinational("hwflow_select", name, output, inputs, parameters, cost)


def join(p: Pipeline, name: str, parts: Sequence[Signal]) -> Signal:
    """Signals of one type side by side, the first one lowest; wires only."""
    cycle = max(part.cycle for part in parts)
    there = [p.at(part, cycle) for part in parts]
    lanes, ps = sum(part.lanes for part in there), max(part.ps for part in there)
    result = p.declare(replace(there[0], name=name, lanes=lanes, ps=ps, values=(), ranges=()))
    p.lines.append(f"    assign {name} = {{{', '.join(part.name for part in reversed(there))}}};")
    return result


def resize(p: Pipeline, name: str, x: Signal, type: FixedType, shift: int = 0) -> Signal:
    """The same integers in another width, ``shift`` bits further up; wires only."""
    result = p.declare(Signal(name, x.lanes, type, x.cycle, x.ps))
    parameters = {
        "LANES": x.lanes, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed), "WIDTH": type.width,
        "SHIFT": shift,
    }  # fmt: skip
    p.instance("hwflow_resize", f"{name}_op", parameters, {"x": x.name, "y": name})
    return result


def wide(p: Pipeline, x: Signal, lanes: int) -> Signal:
    """Each lane repeated to ``lanes`` in all; wires only."""
    if x.lanes == lanes:
        return x
    each, width, name = lanes // x.lanes, x.type.width, f"{x.name}_x{lanes}"
    ranges = tuple(lane for lane in x.ranges for _ in range(each))
    values = tuple(value for value in x.values for _ in range(each))
    result = replace(x, name=name, lanes=lanes, ranges=ranges, values=values)
    if name not in p.wide:
        p.wide.add(name)
        p.declare(result)
        parts = ", ".join(f"{{{each}{{{x.name}[{i * width}+:{width}]}}}}" for i in reversed(range(x.lanes)))
        p.lines.append(
            f"    assign {name} = {{{parts}}};" if x.bits > 1 else f"    assign {name} = {{{each}{{{x.name}}}}};"
        )
    return result
