"""Flags and counters of a pipeline, and values that are held."""

from __future__ import annotations

from dataclasses import replace

from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal, flag
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources

COUNTER_PS = 450  # clock to Q, net, comparison with the end


def counter(p: Pipeline, name: str, count: int, advance: Signal) -> Signal:
    """Flag of the last of ``count`` steps."""
    last = p.declare(flag(f"{name}_last", advance.cycle, COUNTER_PS))
    ports = {"clk": "clk", "rst": "rst", "advance": advance.name, "last": last.name}
    p.instance("hwflow_counter", f"{name}_counter", {"COUNT": count}, ports)
    bits = (count - 1).bit_length()
    p.spend(Resources(lut=bits + 2, ff=bits))
    return last


def hold(p: Pipeline, name: str, x: Signal, load: Signal, wait: int = 0) -> Signal:
    """Keep a value from ``load`` on; it counts as seen ``wait`` + 1 cycles after x."""
    result = p.declare(Signal(name, x.lanes, x.type, x.cycle + wait + 1, 0))
    load = p.at(load, x.cycle)
    p.instance(
        "hwflow_hold", f"{name}_op", {"WIDTH": x.bits}, {"clk": "clk", "load": load.name, "d": x.name, "q": name}
    )
    p.spend(Resources(ff=x.bits))
    return result


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
