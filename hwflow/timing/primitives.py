"""The cell types that Yosys maps UltraScale+ designs to, and the timing template of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hwflow.errors import UserError
from hwflow.timing.cells import (
    LUT_OF_NEIGHBOUR,
    READ_OF_NEIGHBOUR,
    Maker,
    Template,
    carry8,
    flip_flop,
    lut,
    muxf,
    neighbour,
    through,
)
from hwflow.timing.delays import Delays
from hwflow.timing.dsp import dsp48e2
from hwflow.timing.memories import block_ram, lut_ram, shift_register, ultra_ram
from hwflow.timing.netlist import Cell

_LUT_RAMS = (
    *("RAM32M16", "RAM64M8", "RAM32X16DR8", "RAM64X8SW"),
    *("RAM32X1D", "RAM64X1D", "RAM128X1D", "RAM256X1D"),
    *("RAM32X1S", "RAM64X1S", "RAM128X1S", "RAM256X1S", "RAM512X1S"),
)
PRIMITIVES: dict[str, Maker] = {
    **{f"LUT{inputs}": lut for inputs in range(1, 7)},
    **dict.fromkeys(("MUXF7", "MUXF8", "MUXF9"), muxf),
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), flip_flop),
    **dict.fromkeys(("RAMB18E2", "RAMB36E2"), block_ram),
    **dict.fromkeys(("SRL16E", "SRLC32E"), shift_register),
    **dict.fromkeys(("BUFG", "BUFGCE", "IBUF", "OBUF"), through),
    **dict.fromkeys(_LUT_RAMS, lut_ram),
    **dict.fromkeys((READ_OF_NEIGHBOUR, LUT_OF_NEIGHBOUR), neighbour),
    **{"INV": lut, "CARRY8": carry8, "DSP48E2": dsp48e2, "URAM288": ultra_ram},
}

Key = tuple[Any, ...]


def template_key(cell: Cell) -> Key:
    """What the timing of a cell depends on: type, widths of the ports, registers inside."""
    widths = tuple((port, len(bits)) for port, bits in cell.connections.items())
    registers = tuple((name, str(value)) for name, value in cell.parameters.items() if "REG" in name or "USE" in name)
    return cell.type, widths, registers


def make_template(cell: Cell, delays: Delays) -> Template:
    """The template of a known cell."""
    template = Template()
    PRIMITIVES[cell.type](template, cell, delays)
    return template


def refuse_unknown(cells: Iterable[Cell], subject: str) -> None:
    """Raise UserError if any cell type has no known timing."""
    unknown = {cell.type: cell.name for cell in cells if cell.type not in PRIMITIVES}
    if unknown:
        type_, name = min(unknown.items())
        others = f" and {len(unknown) - 1} more types" if len(unknown) > 1 else ""
        raise UserError(
            subject,
            f"cell {name} of the type {type_}{others}, whose timing is not known",
            "cells of UltraScale+ that Yosys maps to",
            "Synthesise with synth_xilinx -family xcup -flatten, the whole hierarchy at once.",
        )
