"""The commands on a real model, as a user types them: exit codes, JSON, and the files that they leave."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from defusedxml import ElementTree


def hwflow(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "hwflow", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def test_build_csim_check_report(model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "m.onnx")
    built = hwflow("build", "m.onnx", "-o", "d", "--clock", 200, "--latency-budget", 2, "--json", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["record"]["model"]["name"] == "m"
    unproven = hwflow("check", "d", cwd=tmp_path)
    assert unproven.returncode == 2
    assert "the design itself was not run" in unproven.stderr
    simulated = hwflow("csim", "d", "--vectors", 20, "--json", cwd=tmp_path)
    assert simulated.returncode == 0, simulated.stderr
    checked = hwflow("check", "d", "--json", cwd=tmp_path)
    assert checked.returncode == 0
    results = json.loads(checked.stdout)["record"]["results"]
    assert {"csim", "artefacts", "estimate", "oracle", "reference"} == {r["stage"] for r in results}
    assert all(r["ok"] is not False for r in results)
    suite = ElementTree.parse(tmp_path / "d" / "junit.xml").getroot()
    assert not suite.findall(".//failure")
    assert hwflow("report", "d", "-o", "r.html", cwd=tmp_path).returncode == 0
    assert (tmp_path / "r.html").read_text().startswith("<!")


def test_a_changed_weight_exits_with_2_and_is_named(copy: Callable[[], Path]) -> None:
    folder = copy()
    weights = folder / "hls" / "firmware" / "weights" / "k0_linear_weights.h"
    weights.write_text(weights.read_text().replace("= {", "= {0.5, ", 1))
    simulated = hwflow("csim", folder, "--vectors", 20, cwd=folder)
    assert simulated.returncode == 2
    assert "k0_linear_weights.h changed: the results of artefacts, csim are void" in simulated.stderr
    checked = hwflow("check", folder, "--junit", folder / "junit.xml", "--json", cwd=folder)
    assert checked.returncode == 2
    (failure,) = ElementTree.parse(folder / "junit.xml").getroot().findall(".//failure")
    assert "k0_linear_weights.h" in str(failure.get("message"))
    assert hwflow("report", folder, cwd=folder).returncode == 2


def test_an_impossible_budget_exits_with_2_and_an_unknown_board_with_1(model: Path, tmp_path: Path) -> None:
    slow = hwflow("build", model, "-o", "d", "--latency-budget", 0.05, cwd=tmp_path)
    assert slow.returncode == 2
    assert "k" in slow.stderr and "us" in slow.stderr
    unknown = hwflow("build", model, "-o", "d", "--board", "zcu999", "--json", cwd=tmp_path)
    assert unknown.returncode == 1
    assert "zcu999" in json.loads(unknown.stdout)["error"]["message"]
    assert not (tmp_path / "d").exists()


def test_inspect_names_kernels_and_types(model: Path, tmp_path: Path) -> None:
    inspected = hwflow("inspect", model, "--json", cwd=tmp_path)
    document = json.loads(inspected.stdout)
    assert {"linear", "attention", "elementwise"} == {k["kind"] for k in document["kernels"]}
    assert document["wide_tensors"] == []
