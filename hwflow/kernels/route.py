"""What kernels share that only route beats: phases, wires, tables of the generated code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType, type_for
from hwflow.kernels.base import HlsWeight
from hwflow.kernels.code import cpp_type
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule.dataflow import Phase

Move = tuple[Mapping[str, int], Mapping[str, int]]
"""Beats that a firing takes and gives, by channel."""


def phases(moves: Sequence[Move]) -> tuple[Phase, ...]:
    """One firing after the other, a cycle each; equal ones in a row are one phase."""
    return tuple(Phase(takes, gives, 1, len([*run])) for (takes, gives), run in groupby(moves))


def picked(p: Pipeline, name: str, beat: Signal, elements: IntArray) -> Signal:
    """Elements of a beat that lie in equal steps; wires only."""
    if len(elements) == beat.lanes:
        return beat
    result = p.declare(replace(beat, name=name, lanes=len(elements), ranges=()))
    step = int(elements[1] - elements[0]) if len(elements) > 1 else 1
    parameters = {
        "IN_LANES": beat.lanes, "LANES": result.lanes, "START": int(elements[0]), "STEP": step,
        "WIDTH": beat.type.width,
    }  # fmt: skip
    p.instance("hwflow_pick", f"{name}_wires", parameters, {"x": beat.name, "y": name})
    return result


@dataclass(frozen=True)
class Code:
    """Functions of a CONFIG and the constants that they read."""

    text: str
    weights: tuple[HlsWeight, ...]


def tabulate(kernel: str, tables: Mapping[str, IntArray]) -> Code:
    """``static unsigned name(unsigned i)`` for each table, which is none where its numbers rise in equal steps."""
    text, weights = "", []
    for name, values in tables.items():
        numbers = np.asarray(values, dtype=np.int64)
        steps = np.unique(np.diff(numbers))
        if len(steps) > 1 or steps.min(initial=0) < 0:
            weights.append(HlsWeight(f"{kernel}_{name}", numbers, type_for(0, int(numbers.max()), 0)))
            value = f"{kernel}_{name}[i].to_uint()"
        else:
            value = f"{numbers[0]} + i * {steps.max(initial=0)}"
        text += _function(f"unsigned {name}(unsigned i)", value)
    return Code(text, tuple(weights))


def dense(kernel: str, values: IntArray, type: FixedType) -> Code:
    """``constant(beat, n)``: an element of a frame of constants."""
    head = f"{cpp_type(type)} constant(unsigned beat, unsigned n)"
    if not values.any():
        return Code(_function(head, "0"), ())
    weight = HlsWeight(f"{kernel}_constant", values, type)
    return Code(_function(head, f"{weight.name}[beat * {values.shape[-1]} + n]"), (weight,))


def _function(head: str, value: str) -> str:
    return f"    static {head} {{\n#pragma HLS INLINE\n        return {value};\n    }}\n"
