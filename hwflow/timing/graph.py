"""The timing graph of a netlist: nodes and arcs in flat arrays.

Nodes: the nets, by their number in the netlist, then the input pins and inner points of the cells. A net arc runs
from a net to a pin, a cell arc from a pin to a net or an inner point.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwflow.timing.carry import join_carries
from hwflow.timing.cells import LUT_OF_NEIGHBOUR, READ_OF_NEIGHBOUR, Sink, Source, Template
from hwflow.timing.delays import Delays
from hwflow.timing.netlist import Cell, Netlist
from hwflow.timing.primitives import Key, make_template, refuse_unknown, template_key
from hwflow.timing.wires import wire_delays

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Graph:
    """Arcs ``start -> end`` of ``ps`` plus ``nets`` routed nets; ``permuted`` ones are inputs of a LUT.

    The first ``wires`` arcs are the net arcs. ``launches``, ``captures``: node and picoseconds. ``cell_of``: node ->
    index of the cell that it is an input pin, an inner point or the output net of; -1 for none.
    """

    cells: list[Cell]
    nodes: int
    wires: int
    start: Ints
    end: Ints
    ps: Ints
    nets: Ints
    permuted: NDArray[np.bool_]
    launches: Ints
    captures: Ints
    cell_of: Ints


def build_graph(netlist: Netlist, delays: Delays, *, ports: bool, black_boxes: Collection[str] = ()) -> Graph:
    """The graph. ``ports``: with paths through the ports of the module and of the ``black_boxes`` (cell types) in it.

    Raises:
        UserError: a cell whose timing is not known.
    """
    boxes = [cell for cell in netlist.cells if cell.type in black_boxes]
    cells = join_carries([cell for cell in netlist.cells if cell.type not in black_boxes])
    refuse_unknown(cells, f"netlist of {netlist.module}")
    nets = netlist.nets
    if ports:
        beyond, nets = _neighbours(netlist, boxes)
        cells += beyond
    return _Builder(cells, nets, delays).build()


def _neighbours(netlist: Netlist, boxes: Iterable[Cell]) -> tuple[list[Cell], int]:
    """A register and some logic before each input and behind each output, and the number of nets with theirs."""
    cells, net = [], netlist.nets
    arriving = [(bit, f"port {name}") for bit, name in netlist.inputs.items()]
    leaving = [(bit, f"port {name}") for bit, name in netlist.outputs.items()]
    for box in boxes:
        for port, bits in box.connections.items():
            (arriving if port in box.outputs else leaving).extend(
                (bit, f"{box.name}.{port}") for bit in bits if bit >= 0
            )
    for bit, name in arriving:
        cells.append(Cell(name, "FDRE", {"Q": [net]}, outputs=frozenset("Q")))
        cells.append(Cell("", READ_OF_NEIGHBOUR, {"I": [net], "O": [bit]}, outputs=frozenset("O")))
        net += 1
    for bit, name in leaving:
        cells.append(Cell("", LUT_OF_NEIGHBOUR, {"I": [bit], "O": [net]}, outputs=frozenset("O")))
        cells.append(Cell(name, "FDRE", {"D": [net]}))
        net += 1
    return cells, net


class _Builder:
    """Places the templates of all cells side by side."""

    def __init__(self, cells: list[Cell], nets: int, delays: Delays) -> None:
        self.cells, self.nodes, self.nets, self.delays = cells, nets, nets, delays
        self.templates: dict[Key, Template] = {}
        self.placed: dict[Key, list[tuple[int, list[int]]]] = {}  # cell and node of each of its pins
        self.pins: list[tuple[int, int, int]] = []  # node, net, sink

    def build(self) -> Graph:
        for index, cell in enumerate(self.cells):
            self._place(index, cell)
        cell_of = np.full(self.nodes, -1)
        source = np.zeros(self.nodes, np.int64)
        arcs, launches, captures = [], [], []
        for key, placed in self.placed.items():
            template = self.templates[key]
            owner, nodes = np.array([cell for cell, _ in placed]), np.array([row for _, row in placed])
            for column, (_, _, kind) in enumerate(template.pins):
                here = nodes[:, column] >= 0
                cell_of[nodes[here, column]] = owner[here]
                if isinstance(kind, Source):
                    source[nodes[here, column]] = kind
            arcs.append(_spread(template.arcs, nodes, 2, template.permuted))
            launches.append(_spread(template.launches, nodes, 1))
            captures.append(_spread(template.captures, nodes, 1))
        return self._graph(cell_of, source, np.concatenate(arcs), np.concatenate(launches), np.concatenate(captures))

    def _place(self, index: int, cell: Cell) -> None:
        cell.connections = {port: bits for port, bits in cell.connections.items() if max(bits, default=-1) >= 0}
        key = template_key(cell)
        if key not in self.templates:
            self.templates[key], self.placed[key] = make_template(cell, self.delays), []
        row = []
        for port, bit, kind in self.templates[key].pins:
            net = cell.connections[port][bit] if port else -1
            if isinstance(kind, Sink) and net >= 0:
                self.pins.append((self.nodes, net, kind))
            if not isinstance(kind, Source) and (net >= 0 or kind is None):
                net, self.nodes = self.nodes, self.nodes + 1
            row.append(net)
        self.placed[key].append((index, row))

    def _graph(self, cell_of: Ints, source: Ints, arcs: Ints, launches: Ints, captures: Ints) -> Graph:
        pins = np.array(self.pins, np.int64).reshape(-1, 3)
        ps, nets = wire_delays(source[pins[:, 1]], pins[:, 2], pins[:, 1], self.delays)
        none = np.zeros(len(pins), np.int64)
        return Graph(
            self.cells,
            self.nodes,
            len(pins),
            start=np.concatenate([pins[:, 1], arcs[:, 0]]),
            end=np.concatenate([pins[:, 0], arcs[:, 1]]),
            ps=np.concatenate([ps, arcs[:, 2]]),
            nets=np.concatenate([nets, np.zeros(len(arcs), np.int64)]),
            permuted=np.concatenate([none, arcs[:, 3]]).astype(bool),
            launches=launches,
            captures=captures,
            cell_of=cell_of,
        )


def _spread(rows: Sequence[tuple[int, ...]], nodes: Ints, ends: int, permuted: bool = False) -> Ints:
    """Rows of a template (``ends`` pins, then a figure) for all its cells, without those of an unconnected pin."""
    table = np.array(rows, np.int64).reshape(-1, ends + 1)
    placed = np.concatenate(
        [
            nodes[:, table[:, :ends]],
            np.broadcast_to(table[:, ends:], (len(nodes), len(table), 1)),
            np.full((len(nodes), len(table), 1), int(permuted)),
        ],
        axis=2,
    ).reshape(-1, ends + 2)
    return placed[(placed[:, :ends] >= 0).all(axis=1)]
