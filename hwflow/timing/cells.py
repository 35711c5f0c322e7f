"""What each primitive does to a path: a template of pins, arcs, launches and captures for each cell type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import product

from hwflow.timing.delays import Delays
from hwflow.timing.netlist import Cell

SHARED_LUTS = "USE_BOTH_OUTPUTS"  # bits of a CARRY8 whose S and DI come from one LUT with two outputs
READ_OF_NEIGHBOUR, LUT_OF_NEIGHBOUR = "READ OF A NEIGHBOUR", "LUT OF A NEIGHBOUR"


class Source(IntEnum):
    """How an output leaves its cell, for the dedicated wires behind it."""

    FABRIC = 0
    LUT = 1
    CARRY_O = 2
    CARRY_CO = 3
    CARRY_OUT = 4  # CO[7]
    MUXF = 5
    DSP_CASCADE = 6


class Sink(IntEnum):
    """Through what an input enters its cell."""

    FABRIC = 0
    FLIP_FLOP = 1
    CARRY_S = 2
    CARRY_DI = 3  # of a bit whose two LUTs fit one with two outputs
    CARRY_IN = 4
    MUXF7 = 5
    MUXF89 = 6
    DSP_CASCADE = 7


@dataclass(slots=True)
class Template:
    """The timing of a cell type with some parameters. Nodes are numbered: pins and inner points, in order.

    ``permuted``: the pins of a LUT, whose delays go by the order in which the inputs arrive.
    """

    pins: list[tuple[str, int, Sink | Source | None]] = field(default_factory=list)
    arcs: list[tuple[int, int, int]] = field(default_factory=list)
    launches: list[tuple[int, int]] = field(default_factory=list)
    captures: list[tuple[int, int]] = field(default_factory=list)
    permuted: bool = False

    def input(self, cell: Cell, port: str, sink: Sink = Sink.FABRIC) -> list[int]:
        """Nodes of an input port, none if the cell has it not."""
        return [self._node(port, bit, sink) for bit in range(len(cell.connections.get(port, ())))]

    def output(self, cell: Cell, port: str, source: Source = Source.FABRIC) -> list[int]:
        """Nodes of an output port."""
        return [self._node(port, bit, source) for bit in range(len(cell.connections.get(port, ())))]

    def inner(self) -> int:
        """A point inside the cell."""
        return self._node("", 0, None)

    def connect(self, starts: Iterable[int], ends: Iterable[int], ps: int) -> None:
        """An arc from each to each."""
        self.arcs += [(start, end, ps) for start, end in product(starts, list(ends))]

    def launch(self, nodes: Iterable[int], ps: int) -> None:
        """A register sends its value to the nodes ``ps`` after the clock edge."""
        self.launches += [(node, ps) for node in nodes]

    def capture(self, nodes: Iterable[int], setup_ps: int) -> None:
        """A register takes the value of the nodes, ``setup_ps`` before the clock edge."""
        self.captures += [(node, setup_ps) for node in nodes]

    def _node(self, port: str, bit: int, kind: Sink | Source | None) -> int:
        self.pins.append((port, bit, kind))
        return len(self.pins) - 1


Maker = Callable[[Template, Cell, Delays], None]


def has(cell: Cell, parameter: str) -> bool:
    """Whether a parameter that counts or enables registers is set; Yosys writes numbers as strings of bits."""
    return str(cell.parameters.get(parameter, "0")).strip("0") not in ("", "FALSE")


def lut(template: Template, cell: Cell, delays: Delays) -> None:
    """LUT1 to LUT6, and an inverter. The critical input takes the fastest pin, as Vivado's router does."""
    template.permuted = True
    inputs = [node for port in _inputs(cell) for node in template.input(cell, port)]
    template.connect(inputs, template.output(cell, "O", Source.LUT), 0)


def neighbour(template: Template, cell: Cell, delays: Delays) -> None:
    """Logic that is taken to lie beyond a port of the module."""
    reading = cell.type == READ_OF_NEIGHBOUR
    ps, source = (delays.port.input, Source.FABRIC) if reading else (delays.port.output, Source.LUT)
    template.connect(template.input(cell, "I"), template.output(cell, "O", source), ps)


def muxf(template: Template, cell: Cell, delays: Delays) -> None:
    """MUXF7, MUXF8, MUXF9."""
    sink = Sink.MUXF7 if cell.type == "MUXF7" else Sink.MUXF89
    out = template.output(cell, "O", Source.MUXF)
    for port in ("I0", "I1"):
        template.connect(template.input(cell, port, sink), out, delays.muxf.data)
    template.connect(template.input(cell, "S"), out, delays.muxf.select)


def carry8(template: Template, cell: Cell, delays: Delays) -> None:
    """A chain of eight, or its lower half."""
    starts = {"CI": template.input(cell, "CI", Sink.CARRY_IN)[:1], "CYINIT": template.input(cell, "CYINIT")[:1]}
    for port, sink in (("S", Sink.CARRY_S), ("DI", Sink.FABRIC)):
        starts |= {f"{port}{bit}": [node] for bit, node in enumerate(template.input(cell, port, sink))}
    for bit in cell.parameters.get(SHARED_LUTS, ()):
        (node,) = starts[f"DI{bit}"]
        template.pins[node] = ("DI", bit, Sink.CARRY_DI)
    sums = template.output(cell, "O", Source.CARRY_O)
    carries = template.output(cell, "CO", Source.CARRY_CO)
    if len(carries) == 8:
        template.pins[carries[7]] = ("CO", 7, Source.CARRY_OUT)
    for pin, nodes in starts.items():
        for ends, row in ((sums, delays.carry8.o[pin]), (carries, delays.carry8.co[pin])):
            for end, ps in zip(ends, row, strict=False):
                if ps >= 0:
                    template.connect(nodes, [end], ps)


def flip_flop(template: Template, cell: Cell, delays: Delays) -> None:
    """FDRE, FDSE, FDCE, FDPE."""
    times = delays.flip_flop
    template.launch(template.output(cell, "Q"), times.clock_to_q)
    template.capture(template.input(cell, "D", Sink.FLIP_FLOP), times.setup_d)
    template.capture(template.input(cell, "CE"), times.setup_ce)
    for port in ("R", "S", "CLR", "PRE"):
        template.capture(template.input(cell, port), times.setup_reset)


def through(template: Template, cell: Cell, delays: Delays) -> None:
    """Buffers of clocks and pads, which are no part of the estimate."""
    inputs = [node for port in _inputs(cell) for node in template.input(cell, port)]
    template.connect(inputs, template.output(cell, "O"), 0)


def _inputs(cell: Cell) -> Sequence[str]:
    return [port for port in cell.connections if port != "O"]
