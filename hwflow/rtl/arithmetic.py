"""Arithmetic of a pipeline, lane by lane: one function for each library module, with its parameters, delay and cost."""

from __future__ import annotations

from dataclasses import replace

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources, total


def add(p: Pipeline, name: str, a: Signal, b: Signal, type: FixedType, *, subtract: bool = False) -> Signal:
    """a + b or a - b, aligned to the fraction of ``type``."""
    parameters = {
        "LANES": a.lanes, **operand("A", a), "A_SHIFT": type.frac - a.type.frac, **operand("B", b),
        "B_SHIFT": type.frac - b.type.frac, "SUBTRACT": int(subtract), "WIDTH": type.width,
    }  # fmt: skip
    shifts = (type.frac - a.type.frac, type.frac - b.type.frac)
    twice = not subtract and (a.name in b.terms or b.name in a.terms)  # x + (x + y): Yosys makes one adder of both
    luts = 0 if twice else _adder_luts((a, shifts[0]), (b, shifts[1]), type.width, subtract)
    cost = Cost(Resources(lut=luts), sum_ps(type.width, bool(a.terms or b.terms)))
    inputs = {"a": a, "b": b}
    result = p.combinational("hwflow_add", name, (a.lanes, type), inputs, parameters, cost, terms=(a.name, b.name))
    return replace(result, ranges=_sum_ranges((a, shifts[0]), (b, shifts[1]), subtract))


def multiply(p: Pipeline, name: str, a: Signal, b: Signal, type: FixedType) -> Signal:
    """a * b."""
    parameters = {"LANES": a.lanes, **operand("A", a), **operand("B", b), "WIDTH": type.width}
    cost = a.lanes * product_cost(a.type, b.type)
    ranges: tuple[tuple[int, int], ...] = ()
    for x, constant in ((a, b), (b, a)):
        if constant.values:
            each = (_constant_product(x.type, value) for value in constant.values)
            cost = replace(cost, resources=total(each))
            ranges = tuple(_product_range(x.type, value) for value in constant.values)
    result = p.combinational("hwflow_multiply", name, (a.lanes, type), {"a": a, "b": b}, parameters, cost)
    return replace(result, ranges=ranges)


def table(p: Pipeline, name: str, x: Signal, file: str, words: IntArray, type: FixedType) -> Signal:
    """``words`` (count, 1), which ``file`` holds, chosen by x; where that is block RAM its output is a register."""
    cost = x.lanes * costs.table(words, type.width)
    parameters = {"LANES": x.lanes, "ADDRESS": x.type.width, "WIDTH": type.width, "FILE": f'"{file}"'}
    if not cost.clocks:
        return p.combinational("hwflow_table", name, (x.lanes, type), {"x": x}, parameters, cost)
    (placed,), cycle, _ = p.place([x], cost.delay_ps)
    result = p.declare(Signal(name, x.lanes, type, cycle + 1, costs.block_ps(len(words))))
    p.instance("hwflow_table_ram", f"{name}_op", parameters, {"clk": "clk", "x": placed.name, "y": name})
    p.spend(cost)
    return result


def sum_ps(bits: int, summed: bool) -> int:
    """An adder; behind another one it starts with the low bits, before the high ones are there."""
    return costs.TREE_LEVEL_PS + 5 * max(0, bits - 8) if summed else costs.adder(bits).delay_ps


def product_cost(a: FixedType, b: FixedType) -> Cost:
    """A product of two computed numbers; an unsigned one beside a signed one counts a bit more."""
    mixed = a.signed != b.signed
    return costs.multiplier(a.width + (mixed and not a.signed), b.width + (mixed and not b.signed))


def product_type(a: FixedType, b: FixedType) -> FixedType:
    """Holds every product."""
    return FixedType(a.signed or b.signed, a.width + b.width, a.frac + b.frac)


def operand(port: str, x: Signal) -> dict[str, object]:
    """Parameters of a port whose lanes are numbers."""
    return {f"{port}_WIDTH": x.type.width, f"{port}_SIGNED": int(x.type.signed)}


def _adder_luts(a: tuple[Signal, int], b: tuple[Signal, int], width: int, subtract: bool) -> int:
    """A LUT where two bits meet, in all lanes; beside a constant only an inverter where it has a one."""
    for (x, _), (constant, shift), inverse in ((b, a, False), (a, b, subtract)):
        if constant.values and not (subtract and x is b[0]):
            bits = [
                (~(value << shift) if inverse else value << shift) & ((1 << width) - 1) for value in constant.values
            ]
            return sum(each.bit_count() for each, value in zip(bits, constant.values, strict=True) if value)
    tops = [shift + x.type.width for x, shift in (a, b)]
    low = max(0, b[1] if subtract else max(a[1], b[1]))
    unsigned = [top for (x, _), top in zip((a, b), tops, strict=True) if not x.type.signed and not subtract]
    return a[0].lanes * max(1, min([width, max(tops), *unsigned]) - low)


def _sum_ranges(a: tuple[Signal, int], b: tuple[Signal, int], subtract: bool) -> tuple[tuple[int, int], ...]:
    """Least and greatest result, lane by lane; nothing where an operand loses bits."""
    if min(a[1], b[1]) < 0:
        return ()
    found = [_ranges(x) for x, _ in (a, b)]
    lanes = zip(
        *([(low << shift, high << shift) for low, high in x] for x, (_, shift) in zip(found, (a, b), strict=True)),
        strict=True,
    )
    return tuple((p[0] - q[1], p[1] - q[0]) if subtract else (p[0] + q[0], p[1] + q[1]) for p, q in lanes)


def _ranges(x: Signal) -> tuple[tuple[int, int], ...]:
    """Of each lane, by its type where no more is known."""
    if x.values:
        return tuple((value, value) for value in x.values)
    return x.ranges or ((x.type.lo, x.type.hi),) * x.lanes


def _constant_product(type: FixedType, value: int) -> Resources:
    """A power of two is but wires, and an adder if negative; Yosys takes the bits of any other number that it needs."""
    if abs(value) & (abs(value) - 1) == 0:
        return Resources(lut=type.width if value < 0 else 0)
    return product_cost(type, _constant_type(value)).resources


def _product_range(type: FixedType, value: int) -> tuple[int, int]:
    """Of a product with a constant, as far as Yosys knows it: by the bits of both."""
    if abs(value) & (abs(value) - 1):
        whole = product_type(type, _constant_type(value))
        return whole.lo, whole.hi
    low, high = sorted((value * type.lo, value * type.hi))
    return low, high


def _constant_type(value: int) -> FixedType:
    """The bits that a constant needs."""
    bits = (value if value >= 0 else ~value).bit_length()
    return FixedType(value < 0, bits + (value < 0), 0)
