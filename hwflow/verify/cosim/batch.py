"""One program that simulates many small designs: Verilator for each, one run of g++ for all, chosen by its name.

Most of the time of building a small design goes into headers that all of them share.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.processes import find_tool, run_tool
from hwflow.verify.cosim import build as single
from hwflow.verify.cosim.manifest import read_manifest
from hwflow.verify.verilator import NEEDED_FOR, TOP, find_verilator

_TRANSLATE_LIMIT_S = 120.0
_HEADERS = ("array", "cerrno", "memory", "string", "vector")


def translate(rtl: Path, out: Path, number: int) -> None:
    """The C++ of design ``number`` into ``out``. Raises GateFailed when Verilator refuses it."""
    tool = find_verilator()
    shutil.rmtree(out, ignore_errors=True)  # it may have had another number
    out.mkdir(parents=True)
    config = out / "cosim.vlt"
    config.write_text(single._configuration())
    options = ["--cc", "--top-module", TOP, "--prefix", f"Vtop{number}", "--Mdir", str(out), *single._TRANSLATE]
    command = [str(tool.binary), *options, str(config), *read_manifest(rtl).sources]
    done = run_tool(command, rtl, _TRANSLATE_LIMIT_S, out / "verilator.log", env=tool.environment)
    if done.returncode != 0:
        said = (line for line in (out / "verilator.log").read_text(errors="replace").splitlines() if line[:1] == "%")
        raise GateFailed(f"cosim: Verilator refused it: {next(said, done.failure)}")


def build_batch(designs: Sequence[tuple[Path, Path]], work: Path) -> list[Path]:
    """One program for each pair of an RTL folder and the folder that ``translate`` filled; all are one file.

    A program's number is its place. Raises GateFailed when g++ refuses them, ToolMissing, ToolTimeout.
    """
    work.mkdir(parents=True, exist_ok=True)
    gcc = find_tool("g++", NEEDED_FOR, "Install a C++ compiler (Debian: g++).")
    build = single._Build(find_verilator(), gcc, work.resolve(), trace=False)
    for empty in ("Vtop.h", "ports.h"):  # what top.cpp includes is there already
        (work / empty).write_text("")
    (work / "batch.cpp").write_text(_text(designs))
    objects = [*single._compile(build, [build.out / "batch.cpp"], build.out), *single._runtime(build)]
    program = build.out / "batch"
    single._run(build, [[str(gcc), *map(str, objects), "-o", str(program), *build.libraries]])
    links = [build.out / f"design{number}" for number in range(len(designs))]
    for link in links:
        link.unlink(missing_ok=True)
        link.symlink_to(program.name)
    return links


def _text(designs: Sequence[tuple[Path, Path]]) -> str:
    lines = [f"#include <{header}>" for header in _HEADERS]
    lines += ['#include "verilated.h"', '#include "design.h"']
    for number, (rtl, out) in enumerate(designs):
        lines += ["#undef VL_PCH_INCLUDED"]  # of the design before
        lines += [f'#include "{file.resolve()}"' for file in sorted(out.glob("*.cpp"))]
        lines += ["#undef HWFLOW_SOURCES", "#undef HWFLOW_SINKS", "#undef Vtop", f"#define Vtop Vtop{number}"]
        lines += [single._ports(read_manifest(rtl)), f"namespace design{number} {{"]
        lines += [f'#include "{single._OWN / "top.cpp"}"', "}"]
    lines += ["std::unique_ptr<Design> make_design(VerilatedContext* context) {"]
    lines += ["    const std::string name = program_invocation_short_name;"]
    lines += [
        f'    if (name == "design{number}") return design{number}::make_design(context);'
        for number in range(len(designs))
    ]
    return "\n".join([*lines, "    return nullptr;", "}", ""])
