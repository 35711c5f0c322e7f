"""C simulation of a design with several inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.backends.hls.project import IoType, write_project
from hwflow.backends.hls.testbench import Limits, write_testbench
from hwflow.boards import load_board
from hwflow.ir import reference
from hwflow.processes import run_tool
from hwflow.verify.csim import CsimResult, read_output, run_csim
from tests.support.ports import random_inputs, recurrent
from tests.support.rtl import Scheduled

FRAMES = 20


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("hls"), "io_stream")


def written(folder: Path, io_type: IoType) -> Path:
    graph = recurrent()
    made = Scheduled.of(graph, -1)
    write_project(made.network, made.schedule, load_board("vcu118"), io_type, folder)
    inputs = random_inputs(graph, FRAMES)
    ids = tuple(dict.fromkeys(made.network.tensor_of.values()))
    golden = inputs | reference.run(made.network.graph, inputs, [id for id in ids if id not in inputs])
    write_testbench(made.network, io_type, Limits(1, 0, 1, 0), golden, folder)
    return folder


def test_every_output_and_kernel_is_right(project: Path) -> None:
    result = run_csim(project)
    assert result.failures == () and result.passed
    assert (result.vectors, result.values) == (FRAMES, FRAMES * (3 + 4 * 6 + 3))
    assert all(compared and not wrong for compared, wrong in result.kernels.values())


def again(project: Path) -> CsimResult:
    """Run what is compiled already."""
    lines: list[str] = []
    done = run_tool(["./csim.exe"], project, 60.0, on_line=lines.append)
    return read_output(lines, done.returncode)


def damaged(project: Path, name: str, line: int) -> CsimResult:
    """Run with the last number of a line off by one."""
    file = project / "tb_data" / name
    text = file.read_text()
    rows = text.splitlines()
    *rest, last = rows[line].split()
    rows[line] = " ".join([*rest, str(int(last) ^ 1)])
    file.write_text("\n".join(rows) + "\n")
    try:
        return again(project)
    finally:
        file.write_text(text)


def test_a_wrong_bit_of_a_state_is_named(project: Path) -> None:
    result = damaged(project, "state_new_mean.dat", 11)
    assert (result.passed, result.wrong_bits) == (False, 1)
    assert result.failures[0].startswith("inference 11 new_mean 23 is ")


def test_a_state_input_is_read(project: Path) -> None:
    failures = damaged(project, "state_count.dat", 3).failures
    assert any(failure.startswith("inference 3 new_count ") for failure in failures)


def test_arrays_instead_of_streams(tmp_path: Path) -> None:
    result = run_csim(written(tmp_path, "io_parallel"))
    assert result.failures == () and result.passed and result.vectors == FRAMES
