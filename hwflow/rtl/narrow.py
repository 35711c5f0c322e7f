"""Rounding and limits, lane by lane: the library modules that narrow a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwflow.ir.ops import Clamp, Requantise
from hwflow.ir.ops.requantise import round_shift
from hwflow.ir.types import FixedType, type_for
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.rtl.wires import resize
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources, total


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
    lanes = zip(_lane_types(x), _fits(x, op), strict=True)
    limiting = [not fits and _limits(type, shift, op.target) for type, fits in lanes]
    cost = replace(each, resources=total(each.resources if limits else rounding for limits in limiting))
    return p.combinational("hwflow_requantise", name, (x.lanes, op.target), {"x": x}, parameters, cost)


def clamp(p: Pipeline, name: str, x: Signal, op: Clamp, type: FixedType, *, taken_in: bool = False) -> Signal:
    """Limit to a range. ``taken_in``: the LUTs of a requantiser behind it do it, or the reset of a register does."""
    compared = op.compared(x.type)
    x = x if compared == x.type else resize(p, f"{name}_wide", x, compared)
    parameters: dict[str, object] = {
        "LANES": x.lanes, "IN_WIDTH": x.type.width, "IN_SIGNED": int(x.type.signed), "WIDTH": type.width,
        "HAS_LOW": int(op.lo is not None), "HAS_HIGH": int(op.hi is not None),
    }  # fmt: skip
    for key, limit in (("LOW", op.lo), ("HIGH", op.hi)):
        if limit is not None:
            parameters[key] = _literal(min(max(limit, x.type.lo), x.type.hi), x.type.width + 1)
    cost = x.lanes * costs.relu(x.type.width)
    if taken_in:
        cost = replace(cost, resources=Resources(lut=x.lanes))
    return p.combinational("hwflow_clamp", name, (x.lanes, type), {"x": x}, parameters, cost)


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


def _fits(x: Signal, op: Requantise) -> list[bool]:
    """For each lane whether its known range needs no saturation, which the mapper sees as well."""
    if not x.ranges:
        return [False] * x.lanes
    ends = round_shift(np.array(x.ranges), x.type.frac - op.target.frac, op.rounding)
    lowest = op.target.lo + op.narrow
    return [bool(fits) for fits in (ends[:, 0] >= lowest) & (ends[:, 1] <= op.target.hi)]


def _literal(value: int, width: int) -> str:
    return f"{'-' if value < 0 else ''}{width}'sd{abs(value)}"
