"""The C++ of many designs in one program: each in a namespace of its own, with the testbench that users get.

Template instances and headers are shared, which is most of what g++ has to do for a small design.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hwflow.backends.hls.project import TOP
from hwflow.data_folder import data_folder
from hwflow.errors import GateFailed
from hwflow.fuzz.faults import Fault
from hwflow.fuzz.hardware import Hardware
from hwflow.processes import find_tool, run_tool
from hwflow.verify.csim import read_output

_COMPILE_LIMIT_S = 900.0
_RUN_LIMIT_S = 60.0
_FLAGS = ("-std=c++11", "-O0", "-w", '-DWEIGHTS_DIR="firmware/weights"')
_STANDARD = ("array", "cstdio", "cstdlib", "fstream", "iostream", "map", "sstream", "string", "tuple", "vector")
_HLS4ML = ("ap_fixed.h", "ap_int.h", "hls_stream.h")
_NNET = ("nnet_types.h", "nnet_code_gen.h", "nnet_helpers.h", "fixed.h", "reduce.h")
_GUARDS = ("DEFINES_H_", "PARAMETERS_H_", "HWFLOW_TOP_H_", "TESTBENCH_CONFIG_H_")
_TRACES = """namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
}
#define TB_MAIN testbench
"""


def run_cpp(designs: Sequence[Hardware], work: Path) -> dict[str, Fault]:
    """Compile and run designs whose project is written; the faults by name of design. Raises ToolMissing."""
    if not designs:
        return {}
    work.mkdir(parents=True, exist_ok=True)
    try:
        program = _compile(designs, work)
    except GateFailed as error:
        if len(designs) == 1:
            return {designs[0].name: Fault("csim", f"g++ refused it: {_error(work)}", str(error))}
        middle = len(designs) // 2
        return run_cpp(designs[:middle], work / "a") | run_cpp(designs[middle:], work / "b")
    faults = {made.name: _run(made, program, number) for number, made in enumerate(designs)}
    return {name: fault for name, fault in faults.items() if fault is not None}


def _compile(designs: Sequence[Hardware], work: Path) -> Path:
    compiler = find_tool("g++", "C simulation", "Install a C++ compiler (Debian: g++).")
    (work / "batch.cpp").write_text(batch_text(designs))
    firmware = designs[0].hls.resolve() / "firmware"
    command = [str(compiler), *_FLAGS, f"-I{firmware}", f"-I{firmware / 'ap_types'}", "batch.cpp", "-o", "batch"]
    built = run_tool(command, work, _COMPILE_LIMIT_S, work / "g++.log")
    if built.returncode != 0:
        raise GateFailed(f"csim: g++ {built.failure}")
    return work.resolve() / "batch"


def batch_text(designs: Sequence[Hardware]) -> str:
    """One translation unit; its program takes the number of a design and runs its testbench."""
    own = sorted(file.name for file in (data_folder("hls_templates") / "hwflow").glob("*.h"))
    lines = [f"#include <{header}>" for header in _STANDARD]
    lines += [f'#include "{header}"' for header in _HLS4ML]
    lines += [f'#include "nnet_utils/{header}"' for header in dict.fromkeys((*_NNET, *own))]
    lines.append(_TRACES)
    for number, made in enumerate(designs):
        project = made.hls.resolve()
        lines += [f"#undef {guard}" for guard in (*_GUARDS, *_weight_guards(project))]
        lines += [f"namespace design{number} {{", f'#include "{project}/firmware/{TOP}.cpp"']
        lines += [f'#include "{project}/{TOP}_test.cpp"', "}"]
    calls = ", ".join(f"design{number}::testbench" for number in range(len(designs)))
    lines += ["int main(int, char **arguments) {", f"    int (*const run[])() = {{{calls}}};"]
    return "\n".join([*lines, "    return run[std::atoi(arguments[1])]();", "}", ""])


def _weight_guards(project: Path) -> list[str]:
    """Headers of like-named weights have the same guard in every project."""
    found = (re.search(r"#ifndef (\w+_H_)", file.read_text()) for file in project.glob("firmware/weights/*.h"))
    return sorted(match[1] for match in found if match)


def _error(work: Path) -> str:
    """The first error of g++, without names of files and numbers."""
    lines = (work / "g++.log").read_text(errors="replace").splitlines()
    first = next((line for line in lines if "error" in line), lines[-1] if lines else "")
    return re.sub(r"\d+", "#", first.rpartition("error:")[2].strip())[:120]


def _run(made: Hardware, program: Path, number: int) -> Fault | None:
    lines: list[str] = []
    ran = run_tool([str(program), str(number)], made.hls, _RUN_LIMIT_S, on_line=lines.append)
    result = read_output(lines, ran.returncode)
    if result.passed:
        return None
    kind = "wrong bits" if result.wrong_bits else "testbench failed"
    return Fault("csim", kind, "; ".join(result.failures[:3]))
