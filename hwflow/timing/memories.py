"""Timing templates of memories: LUT RAM, shift registers, block RAM, UltraRAM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hwflow.timing.cells import Source, Template, has
from hwflow.timing.delays import Delays
from hwflow.timing.netlist import Cell

_ADDRESS = re.compile(r"ADDR[A-H]|DPRA\d*|A\d*|WRITE_SEL")
_DATA = re.compile(r"D|DI[A-H]?|D\d")


def lut_ram(template: Template, cell: Cell, delays: Delays) -> None:
    """RAM32M16, RAM64M8, RAM32X1D ... RAM512X1S: read at once, written at the clock edge."""
    times = delays.lut_ram
    halvings = max(0, int(re.findall(r"\d+", cell.type)[0]).bit_length() - 7)  # beyond 64 words: MUXF7, MUXF8, MUXF9
    read = times.read + halvings * (delays.slice.lut_to_muxf + delays.muxf.select)
    source = Source.MUXF if halvings else Source.LUT
    for port in sorted(cell.outputs):
        out = template.output(cell, port, source)
        template.launch(out, times.clock_to_out + read - times.read)
        for address in _addresses_of(port, cell):
            template.connect(template.input(cell, address), out, read)
    written = "ADDRH" if "ADDRH" in cell.connections else "A"
    for port in cell.connections:
        if _DATA.fullmatch(port):
            template.capture(template.input(cell, port), times.setup_data)
        elif port == "WE":
            template.capture(template.input(cell, port), times.setup_enable)
        elif port.rstrip("0123456789") == written or port == "WRITE_SEL":
            template.capture(template.input(cell, port), times.setup_address)


def _addresses_of(output: str, cell: Cell) -> Iterator[str]:
    """The address ports that an output is read by: DOC by ADDRC, DPO by DPRA, SPO and O by A."""
    stem = f"ADDR{output[2]}" if len(output) == 3 and output.startswith("DO") else "DPRA" if output == "DPO" else "A"
    return (port for port in cell.connections if _ADDRESS.fullmatch(port) and port.rstrip("0123456789") == stem)


def shift_register(template: Template, cell: Cell, delays: Delays) -> None:
    """SRL16E, SRLC32E."""
    times = delays.lut_ram
    out = template.output(cell, "Q", Source.LUT)
    template.launch(out + template.output(cell, "Q31"), times.clock_to_out)
    for port in cell.connections:
        if _ADDRESS.fullmatch(port):
            template.connect(template.input(cell, port), out, times.read)
    template.capture(template.input(cell, "D"), times.setup_data)
    template.capture(template.input(cell, "CE"), times.setup_enable)


def block_ram(template: Template, cell: Cell, delays: Delays) -> None:
    """RAMB18E2, RAMB36E2; cascades are not used by Yosys and left out."""
    times = delays.block_ram
    for port in sorted(cell.outputs):
        if port.startswith("DOUT"):
            registered = has(cell, "DOA_REG" if "ADOUT" in port else "DOB_REG")
            template.launch(
                template.output(cell, port), times.clock_to_out_register if registered else times.clock_to_out
            )
    setups = {"ADDREN": times.setup_enable, "ADDR": times.setup_address, "DIN": times.setup_data}
    setups |= {"WE": times.setup_write, "EN": times.setup_enable, "REGCE": times.setup_enable, "RST": times.setup_reset}
    _captures(template, cell, setups)


def ultra_ram(template: Template, cell: Cell, delays: Delays) -> None:
    """URAM288, without cascade."""
    times = delays.ultra_ram
    for port in ("A", "B"):
        registered = has(cell, f"OREG_{port}")
        out = template.output(cell, f"DOUT_{port}")
        template.launch(out, times.clock_to_out_register if registered else times.clock_to_out)
    setups = {"ADDR": times.setup_address, "DIN": times.setup_data, "BWE": times.setup_write}
    _captures(template, cell, setups | dict.fromkeys(("EN", "RDB", "OREG", "RST"), times.setup_enable))


def _captures(template: Template, cell: Cell, setups: dict[str, int]) -> None:
    """Setup of each input by the first prefix that its name has."""
    for port in sorted(set(cell.connections) - cell.outputs):
        for prefix, ps in setups.items():
            if port.startswith(prefix):
                template.capture(template.input(cell, port), ps)
                break
