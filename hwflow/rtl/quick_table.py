"""A table in front of a DSP slice: few levels of LUTs.

The mapper does not know the time through the slice, and would make logic there that is small but slow: Yosys 0.70 takes
2.4 ns for a reciprocal of 10 bits, which in slices of 64 words takes 1.1 ns.
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources

SLICE = 6  # address bits of a LUT
_CHOOSING = (0, 1, 1, 1, 1, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5)  # LUTs that choose among so many slices


def can_be_quick(address: Signal) -> bool:
    """Whether a table has several slices, and lies in LUTs."""
    return SLICE < address.type.width <= costs.TABLE_IN_LUTS


def quick_table(p: Pipeline, name: str, x: Signal, file: str, words: IntArray, type: FixedType) -> Signal:
    """``words`` (count, 1), which ``file`` holds, chosen by x."""
    levels = 1 + (x.type.width - SLICE + 1) // 2
    cost = x.lanes * Cost(Resources(lut=luts(words, type.width)), levels * (costs.NET_PS + costs.LUT6_PS))
    parameters = {"LANES": x.lanes, "ADDRESS": x.type.width, "WIDTH": type.width, "FILE": f'"{file}"'}
    return p.combinational("hwflow_table_quick", name, (x.lanes, type), {"x": x}, parameters, cost)


def luts(words: IntArray, width: int) -> int:
    """One for each bit of a slice that is neither constant nor equal to another, and those that choose a slice."""
    bits = (words.reshape(-1, 1 << SLICE, 1) >> np.arange(width) & 1).astype(np.uint8)
    varying = (bits != bits[:, :1]).any(axis=1)
    tables = np.packbits(bits, axis=1)  # (slices, 8, width)
    several = sum(len(np.unique(t[:, v], axis=1).T) for t, v in zip(tables, varying, strict=True))
    columns = np.unique(tables.reshape(-1, width), axis=1, return_index=True)[1]
    return several + sum(_CHOOSING[count] for count in varying.sum(axis=0)[columns])
