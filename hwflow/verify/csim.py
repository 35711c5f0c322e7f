"""C simulation with g++: compiles the project's sources with the testbench, runs it and reads what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hwflow.backends.hls.project import TOP
from hwflow.errors import GateFailed
from hwflow.processes import find_tool, run_tool

COMPILE_LIMIT_S = 1800.0
RUN_LIMIT_S = 3600.0
_FLAGS = ("-std=c++11", "-O1", "-w", "-Ifirmware/ap_types", '-DWEIGHTS_DIR="firmware/weights"')


@dataclass(frozen=True, slots=True)
class CsimResult:
    """What the testbench counted. ``kernels``: name -> (values compared, values that differ)."""

    vectors: int
    values: int
    wrong_values: int
    wrong_bits: int
    failures: tuple[str, ...]
    kernels: dict[str, tuple[int, int]]

    @property
    def passed(self) -> bool:
        """Whether the testbench compared something and found nothing wrong."""
        return not self.failures and not self.wrong_values


def run_csim(project: Path) -> CsimResult:
    """Compile and run the testbench of an HLS project. ToolMissing without g++; GateFailed if it does not compile."""
    compiler = find_tool("g++", "C simulation", "Install a C++ compiler (Debian: g++).")
    binary = project / "csim.exe"
    sources = [f"firmware/{TOP}.cpp", f"{TOP}_test.cpp"]
    command = [str(compiler), *_FLAGS, *sources, "-o", binary.name]
    built = run_tool(command, project, COMPILE_LIMIT_S, project / "g++.log")
    if built.returncode != 0:
        raise GateFailed(f"csim: g++ refused the project (exit {built.returncode}); see {project / 'g++.log'}")
    lines: list[str] = []
    ran = run_tool([f"./{binary.name}"], project, RUN_LIMIT_S, project / "csim.log", lines.append)
    return read_output(lines, ran.returncode)


def read_output(lines: list[str], returncode: int) -> CsimResult:
    """Parse the testbench's lines; an output without its closing line, or at odds with the exit code, is a failure."""
    kernels: dict[str, tuple[int, int]] = {}
    vectors = values = wrong_values = wrong_bits = 0
    failures = [line.removeprefix("FAIL: ") for line in lines if line.startswith("FAIL: ")]
    finished = False
    for line in lines:
        words = line.split()
        if words[:1] == ["hwflow-kernel"] and len(words) == 4:
            kernels[words[1]] = (int(words[2]), int(words[3]))
        elif words[:1] == ["hwflow-testbench"] and len(words) == 6:
            vectors, values, wrong_values, wrong_bits = (int(word) for word in words[1:5])
            finished = True
    if not finished:
        failures.append(f"the testbench did not reach its end (exit {returncode})")
    elif returncode != 0 and not failures:
        failures.append(f"the testbench ended with exit {returncode}")
    if not vectors or not values:
        failures.append("the testbench compared nothing")
    return CsimResult(vectors, values, wrong_values, wrong_bits, tuple(failures), kernels)
