"""A program that simulates one module with a main function of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.processes import ending, find_tool, run_tool
from hwflow.record.versions import compiler_version
from hwflow.synthesis.cache import Cache, cache_folder
from hwflow.verify.verilator import NEEDED_FOR, Verilator, find_verilator

_LIMIT_S = 1800.0
_TRANSLATE = ("-O3", "--x-assign", "unique", "--x-initial", "unique", "-Wno-fatal")
_FLAGS = ("-std=c++17", "-O1", "-w", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0", "-DVL_TIME_CONTEXT")
_RUNTIME = ("verilated", "verilated_threads")


def build_program(
    folder: Path, sources: Sequence[str], top: str, main: Path, work: Path, defines: Mapping[str, int]
) -> Path:
    """Translate with Verilator and compile ``top``; the class of the model is ``V`` and the module's name.

    Args:
        sources: names of files in ``folder``.
        main: the C++ source with the main function.
        work: an empty folder.
        defines: preprocessor names for ``main``.

    Raises GateFailed when a tool refuses the module, ToolMissing, ToolTimeout.
    """
    gcc = find_tool("g++", NEEDED_FOR, "Install a C++ compiler (Debian: g++).")
    tool = find_verilator()
    names = ["--cc", "--top-module", top, "--prefix", f"V{top}", "--Mdir", str(work)]
    _run(f"{top}: Verilator", [str(tool.binary), *names, *_TRANSLATE, *sources], folder, tool)
    lines = [f"#define {name} {value}" for name, value in defines.items()]
    lines += [f'#include "{source}"' for source in (*sorted(work.glob("*.cpp")), main)]
    unit, program = work / "unit.cpp", work / "simulate"
    unit.write_text("\n".join([*lines, ""]))
    objects = [str(each) for each in _runtime(tool, gcc)]
    command = [str(gcc), *_flags(tool), f"-I{work}", str(unit), *objects, "-o", str(program), "-pthread"]
    _run(f"{top}: g++", command, work, tool)
    return program


def _runtime(tool: Verilator, gcc: Path) -> list[Path]:
    """Objects of Verilator's own library, kept in the user's cache."""
    key = hashlib.sha256(f"{tool.version} {compiler_version()} {_flags(tool)}".encode()).hexdigest()

    def make(folder: Path) -> None:
        for name in _RUNTIME:
            source = tool.root / "include" / f"{name}.cpp"
            _run("g++", [str(gcc), *_flags(tool), "-c", str(source), "-o", f"{name}.o"], folder, tool)

    entry = Cache(cache_folder("verilator-runtime")).made(key, make)
    return [entry / f"{name}.o" for name in _RUNTIME]


def _flags(tool: Verilator) -> list[str]:
    include = tool.root / "include"
    return [*_FLAGS, f"-I{include}", f"-I{include / 'vltstd'}"]


def _run(name: str, command: list[str], folder: Path, tool: Verilator) -> None:
    done = run_tool(command, folder, _LIMIT_S, env=tool.environment)
    if done.returncode != 0:
        raise GateFailed(f"{name} {ending(done.returncode)}:\n{done.output_tail}")
