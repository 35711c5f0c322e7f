"""The corruption table, without the runs and in part; all of it is ``make corruption``."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.corruption import CATALOGUE, Corruption, attack
from hwflow.corruption.run import NONE

KEPT = (
    "a weight in the header that Vitis reads", "the last table entry in the text", "the depth of a FIFO in the C++",
    "a header added where a compiler finds it first", "the latency budget of the testbench", "the last word of a ROM",
    "the last table entry in the RTL", "two streams swapped in the RTL", "a FIFO one place deeper",
    "a constant in the code", "a golden value of a kernel", "model.onnx: a weight", "board.json: the resources",
    "build.json: a limit raised", "build.json: the latency budget raised", "build.json: a mode that asks for less",
    "build.json: the hashes removed", "report.html: a figure",
)  # fmt: skip


def test_the_table_has_no_hole(built: Path) -> None:
    chosen = [each for each in CATALOGUE if each.name in KEPT]
    assert len(chosen) == len(KEPT)
    outcomes = {each.corruption.name: each for each in attack(built, chosen, runs=False)}
    assert {name: each for name, each in outcomes.items() if each.hole} == {}
    assert outcomes["a weight in the header that Vitis reads"].hashed == "hashes"
    assert outcomes["a weight in the header that Vitis reads"].sealed == "written again"
    for name in ("the last table entry in the text", "the last word of a ROM", "a FIFO one place deeper"):
        assert outcomes[name].run == "read back", name
    assert outcomes["build.json: the hashes removed"].sealed == "hashes"
    assert outcomes["a golden value of a kernel"].sealed == "golden again"


def test_what_changes_nothing_is_a_hole(built: Path) -> None:
    """The table itself can fail."""
    (outcome,) = attack(built, [Corruption("nothing", "rtl", lambda folder: None)], runs=False)
    assert (outcome.hashed, outcome.sealed, outcome.hole) == (NONE, NONE, True)


@pytest.mark.parametrize("part", ["hls", "rtl", "testbench", "vectors", "other", "record", "report"])
def test_every_part_of_a_folder_has_its_corruptions(part: str) -> None:
    assert sum(each.part == part for each in CATALOGUE) >= 2
