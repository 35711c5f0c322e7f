"""Reads the mapped netlist of one module from the JSON of Yosys (``write_json``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwflow.errors import UserError

Bits = list[int]  # nets of a port, -1 for a constant or nothing
_CONSTANT = -1
_IGNORED = {"$scopeinfo", "VCC", "GND"}
_REMEDY = "Write it with Yosys: synth_xilinx -family xcup -flatten, then write_json."


@dataclass(slots=True)
class Cell:
    """A primitive: net numbers of each port, least significant bit first. ``name`` and ``src`` are for people."""

    name: str
    type: str
    connections: dict[str, Bits]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    src: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Netlist:
    """The top module. ``inputs``, ``outputs``: net -> name of the port's bit; ``names``: net -> name in the source."""

    module: str
    cells: list[Cell]
    names: dict[int, str]
    inputs: dict[int, str]
    outputs: dict[int, str]
    nets: int


def read_netlist(path: Path) -> Netlist:
    """The module that is marked as top. Raises UserError for a file that is no whole netlist of Yosys."""
    try:
        return _netlist(*_top(json.loads(path.read_bytes())["modules"]))
    except OSError as error:
        found = error.strerror or "an error"
        raise UserError(f"netlist {str(path)!r}", found, "a readable file", _REMEDY) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        found = f"no netlist ({type(error).__name__}: {error})"
        raise UserError(f"netlist {str(path)!r}", found, "one module of Yosys, whole", _REMEDY) from error


def _top(modules: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    tops = {name: module for name, module in modules.items() if "top" in module.get("attributes", {})}
    if len(tops) != 1:
        raise ValueError(f"{len(tops)} top modules in {len(modules)}")
    return tops.popitem()


def _netlist(name: str, module: dict[str, Any]) -> Netlist:
    cells = [_cell(key, data) for key, data in module["cells"].items() if data["type"] not in _IGNORED]
    ports: dict[str, dict[int, str]] = {"input": {}, "output": {}, "inout": {}}
    for port, data in module["ports"].items():
        ports[data["direction"]].update(_named(port, data))
    names = _names(module["netnames"])
    used = (bit for cell in cells for bits in cell.connections.values() for bit in bits)
    nets = 1 + max(max(used, default=0), *names, *ports["input"], *ports["output"], 0)
    return Netlist(name, cells, names, ports["input"], ports["output"], nets)


def _cell(name: str, data: dict[str, Any]) -> Cell:
    return Cell(
        name,
        data["type"],
        {
            port: [bit if isinstance(bit, int) else _CONSTANT for bit in bits]
            for port, bits in data["connections"].items()
        },
        data.get("parameters", {}),
        frozenset(port for port, way in data.get("port_directions", {}).items() if way == "output"),
        _source(data.get("attributes", {}).get("src", "")),
        bool(data.get("hide_name", 0)),
    )


def _source(attribute: str) -> str:
    """File and line in the design, not in the libraries of Yosys: "adder.sv:12"."""
    for place in attribute.split("|"):
        if place and "/share/" not in place:
            file, _, position = place.rpartition(":")
            return f"{file}:{position.partition('.')[0]}"
    return ""


def _named(name: str, data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Each net of a bus and the name of its bit."""
    bits, offset = data["bits"], data.get("offset", 0)
    for index, bit in enumerate(bits):
        if isinstance(bit, int):
            yield bit, name if len(bits) == 1 else f"{name}[{offset + index}]"


def _names(netnames: dict[str, Any]) -> dict[int, str]:
    """The name of each net in the source: of several, the one of the outermost module, then the shortest."""
    public = [name for name, data in netnames.items() if not data.get("hide_name", 0)]
    names: dict[int, str] = {}
    for name in sorted(public, key=lambda name: (name.count("."), len(name), name), reverse=True):
        names.update(_named(name, netnames[name]))
    return names
