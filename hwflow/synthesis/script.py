"""Scripts for Yosys: how a module is read and mapped, and what to say when one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.processes import ending, run_tool
from hwflow.synthesis.pool import tail
from hwflow.synthesis.sources import Closure
from hwflow.synthesis.tool import LOG, find_yosys

TIME_LIMIT_S = 2 * 3600.0
_FLAGS = "-family xcup -flatten -noiopad -noclkbuf -nosrl"
"""For ``synth_xilinx``. Without shift registers in LUTs: to find them takes time that grows with the square of their
number, and the library keeps long delays in LUT RAM itself."""
_LOGIC = "map_ffram"  # its label at which memories that found no block become logic
MAPS = tuple(Path(__file__).with_name(name) for name in ("rom.v", "mux.v"))


def read_lines(module: str, parameters: Mapping[str, int], files: Closure) -> list[str]:
    """Commands that read a module. Deferred, as library modules have no ROM contents of their own to read."""
    lines = [f"read_verilog -sv -lib {' '.join(files.libraries)}"] if files.libraries else []
    settings = "".join(f" -chparam {name} {value}" for name, value in parameters.items())
    return [*lines, f"read_verilog -sv -defer {' '.join(files.sources)}", f"hierarchy -check -top {module}{settings}"]


def synth_lines(module: str, *options: str) -> list[str]:
    """Commands that map a module to cells. They read ``MAPS``, which have to lie beside the sources."""
    synth = f"synth_xilinx {' '.join((_FLAGS, *options))} -top {module} -run"
    maps = " ".join(f"-map {file.name}" for file in MAPS)
    return [f"{synth} :{_LOGIC}", f"techmap {maps}", "opt_merge -share_all", f"{synth} {_LOGIC}:"]


def last_words(folder: Path, output: str) -> str:
    """Why a run in ``folder`` failed: what Yosys gives as its error, or else the end of its log and its output."""
    log = tail(folder / LOG) if (folder / LOG).is_file() else ""
    errors = [line for line in log.splitlines() if "ERROR:" in line]
    return errors[-1] if errors else f"{log}\n{output}".strip()


def run_script(folder: Path, script: Sequence[str], what: str) -> None:
    """Run commands in ``folder``, which has all they read. Raises GateFailed with the reason, ToolMissing."""
    (folder / "script.ys").write_text("\n".join([*script, ""]))
    tool = find_yosys()
    done = run_tool(tool.command("script.ys"), folder, TIME_LIMIT_S, env=tool.environment())
    if done.returncode != 0:
        said = last_words(folder, done.output_tail)
        raise GateFailed(f"{what}: Yosys {ending(done.returncode)}.\n{said}")
