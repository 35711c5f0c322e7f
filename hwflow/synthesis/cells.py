"""What the cells of a mapped netlist cost on UltraScale+.

Sources: AMD UltraScale Architecture Libraries Guide (UG974) for the cells, Configurable Logic Block User Guide (UG574)
for the LUTs that a distributed RAM takes. Not counted: CARRY4 and MUXF, which come with the LUTs before them.
"""

from __future__ import annotations

from collections.abc import Mapping

from hwflow.errors import GateFailed
from hwflow.schedule.resources import Resources, total

_LUT = Resources(lut=1)
_FF = Resources(ff=1)
_NOTHING = Resources()

_LUTS = ("LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "INV", "SRL16E", "SRLC16E", "SRLC32E")
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1", "LDCE", "LDPE")
_FREE = ("CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9", "GND", "VCC", "BUFG", "$scopeinfo")
_RAM_LUTS = {
    "RAM32X1S": 1,
    "RAM64X1S": 1,
    "RAM128X1S": 2,
    "RAM256X1S": 4,
    "RAM512X1S": 8,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1D": 4,
    "RAM256X1D": 8,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM32M16": 8,
    "RAM64M8": 8,
    "RAM64X8SW": 8,
    "RAM32X16DR8": 8,
}

COST: dict[str, Resources] = {
    **dict.fromkeys(_LUTS, _LUT),
    **dict.fromkeys(_FLIP_FLOPS, _FF),
    **dict.fromkeys(_FREE, _NOTHING),
    **{cell: Resources(lut=luts) for cell, luts in _RAM_LUTS.items()},
    "DSP48E2": Resources(dsp=1),
    "RAMB18E2": Resources(bram18=1),
    "RAMB36E2": Resources(bram18=2),
    "URAM288": Resources(uram=1),
    "URAM288_BASE": Resources(uram=1),
}
"""Cell -> what one of it takes."""


def resources_of(cells: Mapping[str, int]) -> Resources:
    """The sum over ``cells`` (type -> count). Raises GateFailed for a cell that no UltraScale+ chip has."""
    if strangers := sorted(cells.keys() - COST.keys()):
        raise GateFailed(f"the netlist has cells that an UltraScale+ chip does not: {', '.join(strangers)}")
    return total(COST[cell] * count for cell, count in cells.items())
