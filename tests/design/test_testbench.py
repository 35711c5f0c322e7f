"""The testbench passes a right design and fails a wrong one, in every way that it should."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hwflow.backends.hls.project import TOP
from hwflow.design import layout
from hwflow.design.vectors import load_vectors
from hwflow.verify.csim import CsimResult, read_output, run_csim


def rerun(project: Path) -> CsimResult:
    """Run the compiled testbench again, on whatever data lie there now."""
    ran = subprocess.run(["./csim.exe"], cwd=project, capture_output=True, text=True, check=False, timeout=120)
    return read_output(ran.stdout.splitlines(), ran.returncode)


def inferences(project: Path) -> int:
    """60 were asked for; behind them come those directed at table entries, and 16 of the framework."""
    directed = load_vectors(project.parent / layout.VECTORS).directed_count
    assert directed > 0
    return 60 + min(60, directed) + 16


@pytest.fixture
def project(copy) -> Path:  # type: ignore[no-untyped-def]
    """The HLS project of a copy."""
    return Path(copy()) / "hls"


def test_a_right_design_passes(project: Path) -> None:
    result = rerun(project)
    assert result.passed
    count = inferences(project)
    assert (result.vectors, result.values, result.wrong_bits) == (count, 5 * count, 0)
    assert len(result.kernels) >= 15
    assert all(compared > 0 and wrong == 0 for compared, wrong in result.kernels.values())


def test_one_changed_weight_fails_and_names_the_kernel(project: Path) -> None:
    weights = project / "firmware" / "weights" / "k1_linear_weights.txt"
    numbers = weights.read_text().split(", ")
    numbers[5] = str(float(numbers[5]) + (0.25 if float(numbers[5]) < 0 else -0.25))
    weights.write_text(", ".join(numbers))
    result = rerun(project)
    assert not result.passed
    assert any("kernel k1_linear differs" in failure for failure in result.failures)
    assert result.kernels["k0_linear"][1] == 0 < result.kernels["k1_linear"][1]


def test_one_changed_golden_value_fails_and_names_it(project: Path) -> None:
    golden = project / "tb_data" / "golden.dat"
    lines = golden.read_text().splitlines()
    row = lines[7].split()
    row[2] = str(int(row[2]) ^ 1)
    lines[7] = " ".join(row)
    golden.write_text("\n".join(lines) + "\n")
    result = rerun(project)
    assert not result.passed
    assert (result.wrong_values, result.wrong_bits) == (1, 1)
    assert re.search(r"inference 7 output 2 is -?\d+, onnxruntime says -?\d+", result.failures[0])


@pytest.mark.parametrize("name", ["inputs.dat", "golden.dat", "k0_linear.dat"])
def test_a_missing_vector_file_fails(project: Path, name: str) -> None:
    (project / "tb_data" / name).unlink()
    result = rerun(project)
    assert not result.passed
    assert any(f"tb_data/{name} holds 0 complete vectors" in failure for failure in result.failures)


def test_a_short_vector_file_fails(project: Path) -> None:
    inputs = project / "tb_data" / "inputs.dat"
    inputs.write_text("\n".join(inputs.read_text().splitlines()[:-1]) + "\n")
    result, count = rerun(project), inferences(project)
    assert not result.passed
    assert f"holds {count - 1} complete vectors of 12 numbers, expected {count}" in result.failures[0]


def change(path: Path, pattern: str, replacement: str) -> None:
    """Replace exactly one place of a file."""
    text, count = re.subn(pattern, replacement, path.read_text())
    assert count == 1, f"{pattern} occurs {count} times"
    path.write_text(text)


def test_a_budget_one_cycle_too_small_fails(project: Path) -> None:
    config = project / "testbench_config.h"
    latency = re.search(r"TB_LATENCY (\d+)", config.read_text())
    assert latency
    change(config, r"TB_LATENCY_BUDGET \d+", f"TB_LATENCY_BUDGET {int(latency[1]) - 1}")
    result = run_csim(project)
    assert not result.passed
    assert result.wrong_bits == 0
    assert result.failures == (
        f"latency of {latency[1]} cycles (estimate) is over the budget of {int(latency[1]) - 1}",
    )


def kernel_config(project: Path, name: str) -> tuple[int, int]:
    """Where the CONFIG of a kernel stands in parameters.h."""
    text = (project / "firmware" / "parameters.h").read_text()
    start = text.index(f"struct {name}_config")
    return start, text.index("\n};", start)


@pytest.mark.parametrize(("tokens", "complaint"), [(3, "left"), (5, "stream misused")])
def test_left_over_and_missing_stream_data_fail(project: Path, tokens: int, complaint: str) -> None:
    parameters = project / "firmware" / "parameters.h"
    start, end = kernel_config(project, "k0_linear")
    text = parameters.read_text()
    damaged = text[start:end].replace("tokens = 4", f"tokens = {tokens}")
    assert damaged != text[start:end]
    parameters.write_text(text[:start] + damaged + text[end:])
    result = run_csim(project)
    assert not result.passed
    assert any(complaint in failure for failure in result.failures), result.failures


def test_an_output_without_its_closing_line_is_a_failure() -> None:
    assert not read_output(["PASS"], 0).passed
    assert not read_output(["hwflow-testbench 0 0 0 0 0", "PASS"], 0).passed
    assert not read_output(["hwflow-testbench 5 5 0 0 0", "PASS"], 1).passed
    assert read_output(["hwflow-testbench 5 5 0 0 0", "PASS"], 0).passed


def test_the_testbench_stands_alone_under_the_flags_of_vitis(project: Path) -> None:
    """build_prj.tcl compiles with -std=c++0x; cosimulation adds -DRTL_SIM."""
    command = ["g++", "-std=c++0x", "-DRTL_SIM", "-w", "-fsyntax-only", "-Ifirmware/ap_types", f"{TOP}_test.cpp"]
    subprocess.run(command, cwd=project, check=True, timeout=120)
