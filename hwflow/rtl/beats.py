"""Beats and the parts of them that one step works on."""

from __future__ import annotations

from dataclasses import replace

from hwflow.rtl.control import both
from hwflow.rtl.module import KernelModule, Steps
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources


def unpack(p: Pipeline, beat: Signal, step: Signal, first: Signal, groups: int, *, again: bool = False) -> Signal:
    """The part of a beat that a step works on: ``groups`` from the ``first`` step on, or ``again`` and again."""
    if groups == 1:
        return beat
    kept = groups if again else groups - 1
    choice = costs.choice(kept, or_other=True)
    part = p.declare(
        Signal(f"{beat.name}_part", beat.lanes // groups, beat.type, beat.cycle, beat.ps + choice.delay_ps)
    )
    ports = {"clk": "clk", "step": step.name, "first": first.name, "beat": beat.name, "part": part.name}
    parameters = {"WIDTH": part.bits, "GROUPS": groups, "AGAIN": int(again)}
    p.instance("hwflow_unpack", f"{beat.name}_unpack", parameters, ports)
    index = (kept - 1).bit_length()
    p.spend(part.bits * choice.resources + Resources(lut=index, ff=kept * part.bits + index))
    return part


def part_of(p: Pipeline, beat: Signal, steps: Steps, lanes: int, cycles: int) -> Signal:
    """``lanes`` elements of a beat for each of the steps of a firing, round and round."""
    if lanes < beat.lanes:
        groups = beat.lanes // lanes
        return unpack(p, beat, steps.active, steps.first, groups, again=cycles > groups)
    return keep(p, beat, steps.first) if cycles > 1 else beat


def keep(p: Pipeline, beat: Signal, first: Signal) -> Signal:
    """The whole beat for all the steps of its firing, of which only the first sees it at the port."""
    kept = replace(beat, name=f"{beat.name}_kept", ps=beat.ps + costs.LUT_PS + costs.NET_PS)
    p.declare(kept)
    ports = {"clk": "clk", "first": first.name, "d": beat.name, "q": kept.name}
    p.instance("hwflow_keep", f"{beat.name}_keep", {"WIDTH": beat.bits}, ports)
    p.spend(Resources(lut=beat.bits, ff=beat.bits))
    return kept


def hold_frame(p: Pipeline, beat: Signal, steps: Steps, cycles: int) -> Signal:
    """The parts of a beat that comes with the first firing of a round, for all the firings of the round."""
    if cycles == 1:
        return keep(p, beat, steps.round_first)
    first = both(p, f"{beat.name}_first", steps.round_first, steps.first)
    return unpack(p, beat, steps.active, first, cycles, again=True)


def pack(p: Pipeline, name: str, part: Signal, valid: Signal, groups: int) -> tuple[Signal, Signal]:
    """The beat of ``groups`` parts, and the flag of the cycle in which it is whole."""
    valid = p.at(valid, part.cycle)
    if groups == 1:
        return part, valid
    beat = p.declare(replace(part, name=name, lanes=part.lanes * groups, ranges=()))
    write = p.declare(replace(valid, name=f"{name}_write", ps=part.ps))
    ports = {
        "clk": "clk", "rst": "rst", "valid": valid.name, "part": part.name, "write": write.name, "beat": beat.name,
    }  # fmt: skip
    p.instance("hwflow_pack", f"{name}_pack", {"WIDTH": part.bits, "GROUPS": groups}, ports)
    index = (groups - 1).bit_length()
    p.spend(Resources(lut=index + 2, ff=part.bits * (groups - 1) + index))
    return beat, write


def interleave(p: Pipeline, name: str, beat: Signal, outer: int, inner: int) -> Signal:
    """The two outer axes of (outer, inner, rest) swapped; wires only."""
    if outer == 1 or inner == 1:
        return beat
    result = p.declare(replace(beat, name=name, ranges=()))
    parameters = {
        "OUTER": outer, "INNER": inner, "LANES": beat.lanes // (outer * inner), "WIDTH": beat.type.width,
    }  # fmt: skip
    p.instance("hwflow_interleave", f"{name}_wires", parameters, {"x": beat.name, "y": name})
    return result


def finish(m: KernelModule, part: Signal, valid: Signal, groups: int, steps: int, reserve: str) -> None:
    """Pack the last parts, write the beat. The last part comes ``steps`` - 1 cycles after the first."""
    beat, write = pack(m.pipeline, "beat", part, valid, groups)
    m.sink(beat, write, reserve)
    m.depth = steps + beat.cycle
