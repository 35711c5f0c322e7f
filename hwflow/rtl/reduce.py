"""Products of vectors, and sums and maxima over lanes and over time."""

from __future__ import annotations

from math import prod
from typing import Literal

from hwflow.ir.types import FixedType
from hwflow.rtl.arithmetic import operand, product_cost, product_type, sum_ps
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.rtl.wires import resize
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources

Operation = Literal["sum", "max"]


def dot(p: Pipeline, name: str, x: Signal, w: Signal, shape: tuple[int, int, int]) -> Signal:
    """Products of x (heads, lanes) with w (PE, heads, lanes): (heads, PE, lanes)."""
    return _products(p, "hwflow_dot", name, {"x": x, "w": w}, shape)


def outer(p: Pipeline, name: str, a: Signal, v: Signal, shape: tuple[int, int, int]) -> Signal:
    """Products of a (heads, PE) with v (PE, heads, lanes): (heads, lanes, PE)."""
    return _products(p, "hwflow_outer", name, {"p": a, "v": v}, shape)


def _products(p: Pipeline, module: str, name: str, inputs: dict[str, Signal], shape: tuple[int, int, int]) -> Signal:
    """heads x PE x lanes products of two signals."""
    a, b = inputs.values()
    type, count = product_type(a.type, b.type), prod(shape)
    parameters: dict[str, object] = dict(zip(("HEADS", "PE", "LANES"), shape, strict=True))
    for port, signal in inputs.items():
        parameters |= operand(port.upper(), signal)
    parameters["WIDTH"] = type.width
    return p.combinational(module, name, (count, type), inputs, parameters, count * product_cost(a.type, b.type))


def tree(p: Pipeline, name: str, x: Signal, groups: int, type: FixedType, operation: Operation) -> Signal:
    """The sum or maximum of each group of lanes; registers stand behind the levels that end a cycle."""
    terms = x.lanes // groups
    if terms == 1:
        return x if x.type.width == type.width else resize(p, name, x, type)
    levels = (terms - 1).bit_length()
    cycle, ps, mask, registers, summed = x.cycle, x.ps, 0, 0, bool(x.terms)
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
    kept = type if operation == "sum" or x.type.width == type.width else x.type  # a term may be wider than the greatest
    made = name if kept == type else f"{name}_greatest"
    result = p.declare(Signal(made, groups, kept, cycle, ps, terms=(x.name,) if summed else ()))
    widths = {"IN_WIDTH": x.type.width, "WIDTH": type.width} if operation == "sum" else {"WIDTH": x.type.width}
    parameters = {
        "GROUPS": groups, "TERMS": terms, **widths, "IN_SIGNED": int(x.type.signed), "REGISTERS": f"32'd{mask}",
    }  # fmt: skip
    p.instance(f"hwflow_{operation}_tree", f"{made}_op", parameters, {"clk": "clk", "x": start.name, "y": made})
    p.spend(Resources(ff=registers))
    return result if kept == type else resize(p, name, result, type)


def accumulate(
    p: Pipeline, name: str, x: Signal, type: FixedType, groups: int, flags: tuple[Signal, Signal, Signal | None],
    operation: Operation = "sum",
) -> Signal:  # fmt: skip
    """Running sums of ``groups`` groups in turn. ``flags``: valid, last, next (None: every step is another group)."""
    most = costs.maximum(max(x.type.width, type.width), type.width)
    cell = costs.adder(type.width) if operation == "sum" else most
    delay = sum_ps(type.width, bool(x.terms)) if operation == "sum" else cell.delay_ps
    (placed,), cycle, ps = p.place([x], delay)
    valid, last, following = (None if f is None else p.at(f, cycle) for f in flags)
    assert valid is not None and last is not None
    result = p.declare(Signal(name, x.lanes, type, cycle, ps, terms=(x.name,) if operation == "sum" else ()))
    parameters = {
        "LANES": x.lanes, "GROUPS": groups, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed),
        "WIDTH": type.width, "MAXIMUM": int(operation == "max"), "SIGNED": int(type.signed),
    }  # fmt: skip
    ports = {
        "clk": "clk", "rst": "rst", "valid": valid.name, "last": last.name,
        "next": "1'b1" if following is None else following.name, "x": placed.name, "y": name,
    }  # fmt: skip
    p.instance("hwflow_accumulate", f"{name}_op", parameters, ports)
    turning = type.width if following is not None and groups > 1 else 0  # into the lowest group, the next or y
    p.spend(x.lanes * (cell.resources + Resources(lut=turning, ff=groups * type.width)) + Resources(lut=1))
    return result
