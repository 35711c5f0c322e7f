"""Arithmetic of a pipeline: one function for each library module, with its parameters, delay and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from hwflow.ir.ops import Clamp, Requantise
from hwflow.ir.types import FixedType, type_for
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal, flag
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources, total

Operation = Literal["sum", "max"]
COUNTER_PS = 450  # clock to Q, net, comparison with the end


def add(p: Pipeline, name: str, a: Signal, b: Signal, type: FixedType, *, subtract: bool = False) -> Signal:
    """a + b or a - b, aligned to the fraction of ``type``."""
    parameters = {
        "LANES": a.lanes, **_operand("A", a), "A_SHIFT": type.frac - a.type.frac, **_operand("B", b),
        "B_SHIFT": type.frac - b.type.frac, "SUBTRACT": int(subtract), "WIDTH": type.width,
    }  # fmt: skip
    shifts = (type.frac - a.type.frac, type.frac - b.type.frac)
    luts = _adder_luts((a, shifts[0]), (b, shifts[1]), type.width, subtract)
    cost = Cost(Resources(lut=luts), sum_ps(type.width, a.summed or b.summed))
    result = p.combinational("hwflow_add", name, (a.lanes, type), {"a": a, "b": b}, parameters, cost, summed=True)
    return replace(result, ranges=_sum_ranges((a, shifts[0]), (b, shifts[1]), subtract))


def multiply(p: Pipeline, name: str, a: Signal, b: Signal, type: FixedType) -> Signal:
    """a * b."""
    parameters = {"LANES": a.lanes, **_operand("A", a), **_operand("B", b), "WIDTH": type.width}
    cost = a.lanes * product_cost(a.type, b.type)
    for x, constant in ((a, b), (b, a)):
        if constant.values:
            each = (_constant_product(x.type, value) for value in constant.values)
            cost = replace(cost, resources=total(each))
    if cost.resources.dsp and any(x.looked_up and x.ps for x in (a, b)):
        cost = replace(cost, delay_ps=cost.delay_ps + costs.TABLE_BEFORE_DSP_PS)
    return p.combinational("hwflow_multiply", name, (a.lanes, type), {"a": a, "b": b}, parameters, cost)


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
    """Of a signal with ranges and a constant; nothing for any other pair."""
    found = [x.ranges or tuple((value, value) for value in x.values) for x, _ in (a, b)]
    if not all(found) or min(a[1], b[1]) < 0:
        return ()
    lanes = zip(
        *([(low << shift, high << shift) for low, high in x] for x, (_, shift) in zip(found, (a, b), strict=True)),
        strict=True,
    )
    return tuple((p[0] - q[1], p[1] - q[0]) if subtract else (p[0] + q[0], p[1] + q[1]) for p, q in lanes)


def _constant_product(type: FixedType, value: int) -> Resources:
    """A power of two is but wires; Yosys takes the bits of any other number that it needs."""
    if value & (value - 1) == 0 and value >= 0:
        return Resources()
    bits = (value if value >= 0 else ~value).bit_length()
    return product_cost(type, FixedType(value < 0, bits + (value < 0), 0)).resources


def sum_ps(bits: int, summed: bool) -> int:
    """An adder; behind another one it starts with the low bits, before the high ones are there."""
    return costs.TREE_LEVEL_PS + 5 * max(0, bits - 8) if summed else costs.adder(bits).delay_ps


def product_cost(a: FixedType, b: FixedType) -> Cost:
    """A product of two computed numbers; an unsigned one beside a signed one counts a bit more."""
    mixed = a.signed != b.signed
    return costs.multiplier(a.width + (mixed and not a.signed), b.width + (mixed and not b.signed))


def _lane_types(x: Signal) -> list[FixedType]:
    """The type of each lane, no wider than its range asks for."""
    if not x.ranges:
        return [x.type] * x.lanes
    found = (type_for(low, high, x.type.frac) for low, high in x.ranges)
    return [
        replace(x.type, width=min(x.type.width, type.width + (x.type.signed and not type.signed))) for type in found
    ]


def _limits(source: FixedType, shift: int, target: FixedType) -> bool:
    """Whether saturation takes LUTs: for a positive number with one bit too many, those of what follows do it."""
    spare = (target.width - target.signed) - (source.width - source.signed - shift)
    if source.signed:
        return not target.signed or spare < (shift > 0)
    return spare < -1 if target.signed else spare < (shift > 0)


def requantise(p: Pipeline, name: str, x: Signal, op: Requantise, *, quick: bool = False) -> Signal:
    """Round and saturate; ``quick``: with the rounding in one carry chain, faster for some LUTs more."""
    shift = x.type.frac - op.target.frac
    parameters = {
        "LANES": x.lanes, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed), "SHIFT": shift,
        "HALF_EVEN": int(op.rounding == "half_even"), "WIDTH": op.target.width,
        "SIGNED": int(op.target.signed), "NARROW": int(op.narrow), "QUICK": int(quick),
    }  # fmt: skip
    each = costs.requantise(x.type.width, max(0, shift), op.target.width)
    rounding = costs.rounding(max(1, x.type.width - shift), shift)
    if quick:
        more = Resources(lut=max(0, shift - 1 - rounding.lut))
        each, rounding = replace(each, resources=each.resources + more), rounding + more
    limiting = [_limits(type, shift, op.target) for type in _lane_types(x)]
    cost = replace(each, resources=total(each.resources if limits else rounding for limits in limiting))
    return p.combinational("hwflow_requantise", name, (x.lanes, op.target), {"x": x}, parameters, cost)


def clamp(p: Pipeline, name: str, x: Signal, op: Clamp, type: FixedType, *, rounds: bool = False) -> Signal:
    """Limit to a range. ``rounds``: a requantiser follows, whose LUTs take it in, as does the reset of a register."""
    parameters: dict[str, object] = {
        "LANES": x.lanes, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed), "WIDTH": type.width,
        "HAS_LOW": int(op.lo is not None), "HAS_HIGH": int(op.hi is not None),
    }  # fmt: skip
    for key, limit in (("LOW", op.lo), ("HIGH", op.hi)):
        if limit is not None:
            parameters[key] = _literal(min(max(limit, x.type.lo), x.type.hi), x.type.width + 1)
    cost = x.lanes * costs.relu(x.type.width)
    if rounds:
        cost = replace(cost, resources=Resources())
    return p.combinational("hwflow_clamp", name, (x.lanes, type), {"x": x}, parameters, cost)


def _literal(value: int, width: int) -> str:
    return f"{'-' if value < 0 else ''}{width}'sd{abs(value)}"


def table(p: Pipeline, name: str, x: Signal, file: str, type: FixedType, bits: int) -> Signal:
    """A table in memory; where that is block RAM its output is a register. ``bits``: of an entry, that ever change."""
    cost = x.lanes * costs.table(x.type.width, bits)
    if not cost.clocks:
        cost = replace(cost, resources=Resources(lut=round(costs.TABLE_IN_KERNEL * cost.resources.lut)))
    parameters = {"LANES": x.lanes, "ADDRESS": x.type.width, "WIDTH": type.width, "FILE": f'"{file}"'}
    if not cost.clocks:
        found = p.combinational("hwflow_table", name, (x.lanes, type), {"x": x}, parameters, cost)
        return replace(found, looked_up=True)
    (placed,), cycle, _ = p.place([x], cost.delay_ps)
    result = p.declare(Signal(name, x.lanes, type, cycle + 1, costs.BLOCK_RAM_PS))
    p.instance("hwflow_table_ram", f"{name}_op", parameters, {"clk": "clk", "x": placed.name, "y": name})
    p.spend(cost)
    return result


def tree(p: Pipeline, name: str, x: Signal, groups: int, type: FixedType, operation: Operation) -> Signal:
    """The sum or maximum of each group of lanes; registers stand behind the levels that end a cycle."""
    terms = x.lanes // groups
    if terms == 1:
        return x if x.type.width == type.width else resize(p, name, x, type)
    levels = (terms - 1).bit_length()
    cycle, ps, mask, registers, summed = x.cycle, x.ps, 0, 0, x.summed
    start = x
    for level in range(levels):
        bits = min(x.type.width + level + 1, type.width) if operation == "sum" else x.type.width
        cell = costs.adder(bits) if operation == "sum" else costs.maximum(bits)
        delay = sum_ps(bits, summed) if operation == "sum" else cell.delay_ps
        if ps + delay > p.limit_ps and ps > 0:
            cycle, ps, delay = cycle + 1, 0, cell.delay_ps
            if level == 0:
                start = p.at(x, cycle)
            else:
                mask |= 1 << (level - 1)
                before = bits - 1 if operation == "sum" else bits
                registers += -(-terms >> level) * groups * before
        ps, summed = ps + delay, operation == "sum"
        luts = bits - 1 if operation == "sum" and bits < type.width else cell.resources.lut
        p.spend(Resources(lut=groups * ((-(-terms >> level)) // 2) * luts))
    result = p.declare(Signal(name, groups, type, cycle, ps, summed=summed))
    widths = {"IN_WIDTH": x.type.width, "WIDTH": type.width} if operation == "sum" else {"WIDTH": x.type.width}
    parameters = {
        "GROUPS": groups, "TERMS": terms, **widths, "IN_SIGNED": int(x.type.signed), "REGISTERS": f"32'd{mask}",
    }  # fmt: skip
    p.instance(f"hwflow_{operation}_tree", f"{name}_op", parameters, {"clk": "clk", "x": start.name, "y": name})
    p.spend(Resources(ff=registers))
    return result


def select(p: Pipeline, name: str, one: Signal, choices: Sequence[Signal], other: Signal) -> Signal:
    """The choice whose flag is set, one of them or none, or ``other``, which is zero where there is one."""
    words = join(p, f"{name}_choices", choices)
    luts = -(-(2 * len(choices) - 1) // 5)  # a LUT6 takes three words with their flags, further ones two and a half
    more = 0 if other.values and not any(other.values) else other.bits // 2
    cost = Cost(Resources(lut=choices[0].bits * luts + more), costs.LUT_PS + costs.NET_PS)
    parameters = {"COUNT": len(choices), "WIDTH": choices[0].bits}
    output, inputs = (choices[0].lanes, choices[0].type), {"one": one, "x": words, "other": other}
    return p.combinational("hwflow_select", name, output, inputs, parameters, cost)


def join(p: Pipeline, name: str, parts: Sequence[Signal]) -> Signal:
    """Signals of one type side by side, the first one lowest; wires only."""
    cycle = max(part.cycle for part in parts)
    there = [p.at(part, cycle) for part in parts]
    result = replace(there[0], name=name, lanes=sum(part.lanes for part in there), ps=max(part.ps for part in there))
    p.declare(replace(result, values=(), ranges=()))
    p.lines.append(f"    assign {name} = {{{', '.join(part.name for part in reversed(there))}}};")
    return replace(result, values=(), ranges=())


def resize(p: Pipeline, name: str, x: Signal, type: FixedType, shift: int = 0) -> Signal:
    """The same integers in another width, ``shift`` bits further up; wires only."""
    result = p.declare(Signal(name, x.lanes, type, x.cycle, x.ps))
    parameters = {
        "LANES": x.lanes, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed), "WIDTH": type.width,
        "SHIFT": shift,
    }  # fmt: skip
    p.instance("hwflow_resize", f"{name}_op", parameters, {"x": x.name, "y": name})
    return result


def accumulate(
    p: Pipeline, name: str, x: Signal, type: FixedType, groups: int, flags: tuple[Signal, Signal, Signal | None],
    operation: Operation = "sum",
) -> Signal:  # fmt: skip
    """Running sums of ``groups`` groups in turn. ``flags``: valid, first, next (None: every step is another group)."""
    cell = costs.adder(type.width) if operation == "sum" else costs.maximum(type.width)
    delay = sum_ps(type.width, x.summed) if operation == "sum" else cell.delay_ps
    (placed,), cycle, ps = p.place([x], delay)
    valid, first, following = (None if f is None else p.at(f, cycle) for f in flags)
    assert valid is not None and first is not None
    result = p.declare(Signal(name, x.lanes, type, cycle, ps, summed=operation == "sum"))
    parameters = {
        "LANES": x.lanes, "GROUPS": groups, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed),
        "WIDTH": type.width, "MAXIMUM": int(operation == "max"), "SIGNED": int(type.signed),
    }  # fmt: skip
    ports = {
        "clk": "clk", "valid": valid.name, "first": first.name, "next": "1'b1" if following is None else following.name,
        "x": placed.name, "y": name,
    }  # fmt: skip
    p.instance("hwflow_accumulate", f"{name}_op", parameters, ports)
    restart = type.width if operation == "sum" else 0  # the carry chain takes the sum so far, or zero, twice
    turning = type.width if following is not None and groups > 1 else 0  # into the lowest group, the next or y
    p.spend(x.lanes * (cell.resources + Resources(lut=turning or restart, ff=groups * type.width)))
    return result


def hold(p: Pipeline, name: str, x: Signal, load: Signal, wait: int = 0) -> Signal:
    """Keep a value from ``load`` on; it counts as seen ``wait`` + 1 cycles after x."""
    result = p.declare(Signal(name, x.lanes, x.type, x.cycle + wait + 1, 0))
    load = p.at(load, x.cycle)
    p.instance(
        "hwflow_hold", f"{name}_op", {"WIDTH": x.bits}, {"clk": "clk", "load": load.name, "d": x.name, "q": name}
    )
    p.spend(Resources(ff=x.bits))
    return result


def counter(p: Pipeline, name: str, count: int, advance: Signal) -> tuple[Signal, Signal]:
    """Flags of the first and the last of ``count`` steps."""
    nets = (flag(f"{name}_first", advance.cycle, COUNTER_PS), flag(f"{name}_last", advance.cycle, COUNTER_PS))
    p.nets.append("    /* verilator lint_off UNUSEDSIGNAL */")
    for net in nets:
        p.declare(net)
    p.nets.append("    /* verilator lint_on UNUSEDSIGNAL */")
    ports = {"clk": "clk", "rst": "rst", "advance": advance.name, "first": nets[0].name, "last": nets[1].name}
    p.instance("hwflow_counter", f"{name}_counter", {"COUNT": count}, ports)
    bits = (count - 1).bit_length()
    p.spend(Resources(lut=bits + 2, ff=bits))
    return nets


def both(p: Pipeline, name: str, a: Signal, b: Signal) -> Signal:
    """a and b, two flags of the same cycle."""
    cycle = max(a.cycle, b.cycle)
    a, b = p.at(a, cycle), p.at(b, cycle)
    result = p.declare(
        replace(a, name=name, ps=max(a.ps, b.ps) + costs.LUT_PS + costs.NET_PS, resets=a.resets or b.resets)
    )
    p.lines.append(f"    assign {name} = {a.name} && {b.name};")
    p.spend(Resources(lut=1))
    return result


def every(p: Pipeline, name: str, *flags: Signal | None) -> Signal:
    """The conjunction of the flags that there are; at least one is."""
    given = [f for f in flags if f is not None]
    result = given[0]
    for number, other in enumerate(given[1:], 1):
        result = both(p, name if number == len(given) - 1 else f"{name}_of{number}", result, other)
    return result


def dot(p: Pipeline, name: str, x: Signal, w: Signal, shape: tuple[int, int, int]) -> Signal:
    """Products of x (heads, lanes) with w (PE, heads, lanes): (heads, PE, lanes)."""
    heads, pe, lanes = shape
    type = product_type(x.type, w.type)
    parameters = {"HEADS": heads, "PE": pe, "LANES": lanes, **_operand("X", x), **_operand("W", w), "WIDTH": type.width}
    cost = heads * pe * lanes * product_cost(x.type, w.type)
    inputs = {"x": x, "w": w}
    return p.combinational("hwflow_dot", name, (heads * pe * lanes, type), inputs, parameters, cost)


def outer(p: Pipeline, name: str, a: Signal, v: Signal, shape: tuple[int, int, int]) -> Signal:
    """Products of a (heads, PE) with v (PE, heads, lanes): (heads, lanes, PE)."""
    heads, pe, lanes = shape
    type = product_type(a.type, v.type)
    parameters = {"HEADS": heads, "PE": pe, "LANES": lanes, **_operand("P", a), **_operand("V", v), "WIDTH": type.width}
    cost = heads * pe * lanes * product_cost(a.type, v.type)
    inputs = {"p": a, "v": v}
    return p.combinational("hwflow_outer", name, (heads * pe * lanes, type), inputs, parameters, cost)


def product_type(a: FixedType, b: FixedType) -> FixedType:
    """Holds every product."""
    return FixedType(a.signed or b.signed, a.width + b.width, a.frac + b.frac)


def wide(p: Pipeline, x: Signal, lanes: int) -> Signal:
    """Each lane repeated to ``lanes`` in all; wires only."""
    if x.lanes == lanes:
        return x
    each, width, name = lanes // x.lanes, x.type.width, f"{x.name}_x{lanes}"
    result = replace(x, name=name, lanes=lanes)
    if name not in p.wide:
        p.wide.add(name)
        p.declare(result)
        parts = ", ".join(f"{{{each}{{{x.name}[{i * width}+:{width}]}}}}" for i in reversed(range(x.lanes)))
        p.lines.append(
            f"    assign {name} = {{{parts}}};" if x.bits > 1 else f"    assign {name} = {{{each}{{{x.name}}}}};"
        )
    return result


def _operand(port: str, x: Signal) -> dict[str, object]:
    return {f"{port}_WIDTH": x.type.width, f"{port}_SIGNED": int(x.type.signed)}
