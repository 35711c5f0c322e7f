"""Worst paths of a timing graph, told in names of the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hwflow.timing.arrival import NEVER, Arrivals
from hwflow.timing.graph import Graph
from hwflow.timing.netlist import Cell
from hwflow.timing.report import Path, Step


@dataclass(frozen=True, slots=True)
class PathTeller:
    """Follows arrivals back to where they were launched. ``names``: net -> name in the source."""

    graph: Graph
    names: dict[int, str]
    period_ps: float

    def worst(self, arrivals: Arrivals, count: int) -> tuple[Path, ...]:
        """The paths to the ``count`` end points that need the longest period, the worst first."""
        pins, setups = self.graph.captures[:, 0], self.graph.captures[:, 1]
        needed = np.where(arrivals.at[pins] == NEVER, NEVER, arrivals.at[pins] + setups)
        worst = np.argsort(-needed, kind="stable")[:count]
        return tuple(self._path(arrivals, int(pins[at]), int(needed[at])) for at in worst if needed[at] > NEVER)

    def _path(self, arrivals: Arrivals, pin: int, delay_ps: int) -> Path:
        arcs: list[int] = []
        node = pin
        while (arc := int(arrivals.arc[node])) >= 0:
            arcs.insert(0, arc)
            node = int(self.graph.start[arc])
        hops = self._hops(arcs)
        steps = [self._step(arrivals, hop, node) for hop in hops]
        setup = delay_ps - int(arrivals.at[pin])
        steps[-1] = replace(steps[-1], cell_ps=steps[-1].cell_ps + setup, at_ps=delay_ps)
        nets = [int(self.graph.start[hop[0]]) for hop in hops[1:]]
        start = self._name(self._cell(node), nets)
        end = self._name(self._cell(pin), nets[::-1]) + self._port(pin, nets)
        return Path(start, end, delay_ps, round(self.period_ps - delay_ps), max(0, len(hops) - 2), tuple(steps))

    def _hops(self, arcs: list[int]) -> list[list[int]]:
        """Arcs by the cell they lead through: first those inside the launching cell, then a wire and what follows."""
        hops: list[list[int]] = [[]]
        for arc in arcs:
            if arc < self.graph.wires:
                hops.append([])
            hops[-1].append(arc)
        return hops

    def _step(self, arrivals: Arrivals, hop: list[int], launched: int) -> Step:
        end = int(self.graph.end[hop[-1]]) if hop else launched
        cell, at = self._cell(end), int(arrivals.at[end])
        wired = bool(hop) and hop[0] < self.graph.wires
        wire = int(arrivals.ps[hop[0]]) if wired else 0
        begin = int(arrivals.at[self.graph.start[hop[0]]]) if wired else 0
        return Step(cell.type, self.names.get(end, ""), cell.src, wire, at - begin - wire, at)

    def _cell(self, node: int) -> Cell:
        return self.graph.cells[int(self.graph.cell_of[node])]

    def _name(self, cell: Cell, nets: Iterable[int]) -> str:
        """A register by its output, a block by its own name; else the nearest name on the path, or file and line."""
        output = next(iter(cell.connections.get("Q", ())), -1)
        if output in self.names:
            return self.names[output]
        if cell.name and not cell.hidden:
            return cell.name
        near = next((self.names[net] for net in nets if net in self.names), "")
        place = f"near {near}" if near else f"at {cell.src}" if cell.src else cell.name
        return f"{cell.type} {place}"

    def _port(self, pin: int, nets: list[int]) -> str:
        """The pin of the end point, unless it is the data input of a flip-flop."""
        ports = self._cell(pin).connections.items()
        port = next((port for port, bits in ports if nets and nets[-1] in bits and port != "Q"), "")
        return f" ({port})" if port not in ("", "D") else ""
