"""From RTL to a program that simulates it: Verilator, then g++ on all cores, without make."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hwflow.data_folder import data_folder
from hwflow.errors import GateFailed
from hwflow.files import sha256_file
from hwflow.processes import find_tool, run_tool
from hwflow.record.versions import compiler_version
from hwflow.signature import is_signed, signature
from hwflow.synthesis.cache import Cache, cache_folder
from hwflow.verify.cosim import compile as compiler
from hwflow.verify.cosim.manifest import Manifest
from hwflow.verify.verilator import NEEDED_FOR, TOP, Verilator, find_verilator

_TRANSLATE_LIMIT_S = 1800.0
_COMPILE_LIMIT_S = 3600.0
_BUCKET_BYTES = 1_500_000  # of C++ in one run of g++, which takes about 1 GB for it
_SMALL_BYTES = 100_000  # of C++ that are not worth another run
_TRANSLATE = (
    "-O3",
    "--timescale",
    "1ns/1ns",
    "--x-assign",
    "unique",
    "--x-initial",
    "unique",
    "-Wno-lint",
    "-Wno-style",
)
_FLAGS = ("-std=c++17", "-O1", "-w", "-DVM_COVERAGE=0", "-DVM_SC=0")
_OWN = data_folder("rtl_templates") / "cosim"
_WATCHED = ("used", "room", "reserve", "m_valid", "m_ready", "m_data")


@dataclass(frozen=True)
class _Build:
    """``trace``: able to write FST waveforms."""

    tool: Verilator
    gcc: Path
    out: Path
    trace: bool

    @property
    def flags(self) -> list[str]:
        """For the runtime as for the design, whose own folder is not in them."""
        include = self.tool.root / "include"
        folders = [include, include / "vltstd", _OWN, *([_OWN / "fst"] if self._own_compression else [])]
        tracing = [f"-DVM_TRACE={self.trace:d}", f"-DVM_TRACE_FST={self.trace:d}"]
        return [*_FLAGS, *tracing, *(f"-I{folder}" for folder in folders)]

    @property
    def libraries(self) -> list[str]:
        """Older versions have a waveform writer that needs zlib itself."""
        return ["-pthread", *(["-lz"] if self.trace and not self._own_compression else [])]

    def named(self, file: Path) -> str:
        """A file for g++, which runs in ``out``: C++ has no way to write every name of a folder."""
        return file.name if file.parent == self.out else str(file)

    @property
    def _own_compression(self) -> bool:
        return (self.tool.root / "include" / "fstcpp").is_dir()


def build_simulator(rtl: Path, manifest: Manifest, work: Path, trace: bool = False) -> Path:
    """A program that simulates ``hwflow_top`` as ``rtl_templates/cosim/harness.cpp`` describes.

    Args:
        work: takes what is built; an unchanged design is not built again.
        trace: able to write FST waveforms.

    Raises GateFailed when a tool refuses the design, ToolMissing, ToolTimeout.
    """
    gcc = find_tool("g++", NEEDED_FOR, "Install a C++ compiler (Debian: g++).")
    build = _Build(find_verilator(), gcc, (work / ("simulator_fst" if trace else "simulator")).resolve(), trace)
    key = _key(build, rtl, manifest)
    program, stamp = build.out / "simulate", build.out / "key"
    if program.is_file() and is_signed(_signed(key, program), stamp):  # the folder may be a stranger's
        return program
    shutil.rmtree(build.out, ignore_errors=True)
    build.out.mkdir(parents=True)
    (build.out / "ports.h").write_text(_ports(manifest))
    _translate(build, rtl, manifest.sources)
    objects = [*_compile(build, _units(build), build.out), *_runtime(build)]
    _run(build, [[str(gcc), *map(build.named, objects), "-o", program.name, *build.libraries]])
    with suppress(OSError):  # no place for a secret: it is built again the next time
        stamp.write_text(signature(_signed(key, program)))
    return program


def _signed(key: str, program: Path) -> str:
    return f"{key} {sha256_file(program)}"


def _configuration() -> str:
    """Makes the variables that the harness watches readable, without a trace of it in the RTL."""
    lines = (f'public_flat_rd -module "hwflow_fifo" -var "{name}"' for name in _WATCHED)
    return "\n".join(["`verilator_config", *lines, ""])


def _ports(manifest: Manifest) -> str:
    """The streams of the top, for ``top.cpp``."""
    sides = {"SOURCES": manifest.inputs, "SINKS": manifest.outputs}
    calls = {side: " ".join(f"stream({name})" for name in ports.values()) for side, ports in sides.items()}
    return "".join(f"#define HWFLOW_{side}(stream) {text}\n" for side, text in calls.items())


def _translate(build: _Build, rtl: Path, sources: Sequence[str]) -> None:
    config, log = build.out / "cosim.vlt", build.out / "verilator.log"
    config.write_text(_configuration())
    place = os.path.relpath(build.out, rtl.resolve())  # Verilator would expand a $ in the name of the build folder
    options = ["--cc", "--top-module", TOP, "--prefix", "Vtop", "--Mdir", place, *_TRANSLATE]
    tracing = ["--trace-fst"] if build.trace else []
    command = [str(build.tool.binary), *options, *tracing, f"{place}/{config.name}", *sources]
    done = run_tool(command, rtl, _TRANSLATE_LIMIT_S, log, env=build.tool.environment)
    if done.returncode != 0:
        raise GateFailed(f"cosim: Verilator {done.failure}; see {log}")


def _units(build: _Build) -> list[Path]:
    """A few files that include the generated ones: much of the time of g++ is for headers that all of them share."""
    files = sorted(build.out.glob("*.cpp"), key=_size, reverse=True)
    files.append(_OWN / "top.cpp")
    total = sum(map(_size, files))
    count = max(1, min(_cores(), total // _SMALL_BYTES), total // _BUCKET_BYTES)
    buckets: list[list[Path]] = [[] for _ in range(min(count, len(files)))]
    for file in files:
        min(buckets, key=lambda bucket: sum(map(_size, bucket))).append(file)
    units = [build.out / f"unit{index}.cpp" for index in range(len(buckets))]
    for unit, bucket in zip(units, buckets, strict=True):
        unit.write_text("".join(f'#include "{file.name}"\n' for file in bucket))
    return units


def _size(file: Path) -> int:
    return file.stat().st_size


def _runtime(build: _Build) -> list[Path]:
    """Objects that are the same for every design, kept: the harness and Verilator's own library."""
    names = ["verilated", "verilated_threads", *(["verilated_fst_c"] if build.trace else [])]
    sources = [_OWN / "harness.cpp", *(build.tool.root / "include" / f"{name}.cpp" for name in names)]
    text = f"{build.tool.version} {compiler_version()} {build.flags}"

    def make(folder: Path) -> None:
        _compile(build, sources, folder)

    entry = Cache(cache_folder("verilator")).made(_hash(text, _own_files()), make)
    return [entry / f"{source.stem}.o" for source in sources]


def _compile(build: _Build, sources: Sequence[Path], folder: Path) -> list[Path]:
    objects = [folder / f"{source.stem}.o" for source in sources]
    command = [str(build.gcc), *build.flags, "-I.", "-c"]
    _run(build, [[*command, build.named(s), "-o", build.named(o)] for s, o in zip(sources, objects, strict=True)])
    return objects


def _run(build: _Build, commands: list[list[str]]) -> None:
    """Side by side, in one process group: an interruption ends all of them."""
    (build.out / "commands.json").write_text(json.dumps(commands))
    log = build.out / "g++.log"
    script = [sys.executable, "-I", str(compiler.__file__), str(_cores()), "commands.json"]
    done = run_tool(script, build.out, _COMPILE_LIMIT_S, log)
    if done.returncode != 0:
        raise GateFailed(f"cosim: g++ {done.failure}; see {log}")


def _key(build: _Build, rtl: Path, manifest: Manifest) -> str:
    """Of all that the program is made from; ROM contents are read when it runs."""
    text = f"{build.tool.version} {compiler_version()} {build.flags} {_TRANSLATE} {_configuration()} {_ports(manifest)}"
    return _hash(text, [*(rtl / source for source in manifest.sources), *_own_files()])


def _own_files() -> list[Path]:
    return sorted(file for file in _OWN.rglob("*") if file.is_file())


def _hash(text: str, files: Iterable[Path]) -> str:
    digest = hashlib.sha256(text.encode())
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _cores() -> int:
    return os.cpu_count() or 1
