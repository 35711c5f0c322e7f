"""Yosys maps additions to CARRY4; UltraScale+ has CARRY8. Joins them in pairs along each chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hwflow.timing.cells import SHARED_LUTS
from hwflow.timing.netlist import Cell

_WIDE = ("S", "DI", "O", "CO")
_NONE = [-1]
_SHARED_INPUTS = 5  # of a LUT with two outputs


def join_carries(cells: Iterable[Cell]) -> list[Cell]:
    """The cells, with two CARRY4 after each other (CO[3] to CI) as one CARRY8, and a single one as its lower half."""
    joined = [cell for cell in cells if cell.type != "CARRY4"]
    carries = [cell for cell in cells if cell.type == "CARRY4"]
    inputs = {cell.connections["O"][0]: _inputs(cell) for cell in joined if cell.type.startswith("LUT")}
    for chain in _chains(carries):
        joined += [_carry8(chain[index : index + 2], inputs) for index in range(0, len(chain), 2)]
    return joined


def _chains(carries: list[Cell]) -> Iterator[list[Cell]]:
    """Chains from their first cell on; a cell that another chain has taken starts one of its own."""
    follower = {cell.connections["CI"][0]: cell for cell in carries if cell.connections.get("CI", _NONE)[0] >= 0}
    carry_out = {cell.connections["CO"][3] for cell in carries}
    followers = {id(cell) for net, cell in follower.items() if net in carry_out}
    taken: set[int] = set()
    for first in sorted(carries, key=lambda cell: id(cell) in followers):
        chain: list[Cell] = []
        cell: Cell | None = first
        while cell is not None and id(cell) not in taken:
            taken.add(id(cell))
            chain.append(cell)
            cell = follower.get(cell.connections["CO"][3])
        if chain:
            yield chain


def _carry8(halves: list[Cell], inputs: dict[int, frozenset[int]]) -> Cell:
    lower = halves[0]
    wide = {port: [bit for half in halves for bit in half.connections[port]] for port in _WIDE}
    pairs = zip(wide["S"], wide["DI"], strict=True)
    shared = tuple(bit for bit, (s, di) in enumerate(pairs) if di in inputs and _fit(s, di, inputs))
    return Cell(
        lower.name, "CARRY8", lower.connections | wide, {SHARED_LUTS: shared}, src=lower.src, hidden=lower.hidden
    )


def _fit(s: int, di: int, inputs: dict[int, frozenset[int]]) -> bool:
    """Whether the LUT before DI fits into the one before S; a net that is no LUT's passes through there."""
    both = inputs.get(s, frozenset({s} - {-1})) | inputs[di]
    return len(both) <= _SHARED_INPUTS


def _inputs(cell: Cell) -> frozenset[int]:
    return frozenset(bits[0] for port, bits in cell.connections.items() if port != "O") - {-1}
