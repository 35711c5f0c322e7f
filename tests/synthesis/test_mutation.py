"""Faults in a small design are found, and the ones that are not are told by source line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.errors import GateFailed
from hwflow.verify.mutation import Mutant, _idle, _mutant, mutation_test
from tests.synthesis.conftest import frames


def test_most_of_a_hundred_faults_are_found(rtl: Path) -> None:
    outcome = mutation_test(rtl, *frames(30), count=128, seed=1)
    assert outcome.total == 128
    assert outcome.caught >= 0.95 * 128, "\n".join(map(str, outcome.survivors))
    assert all(survivor.lines for survivor in outcome.survivors)


def test_with_little_to_compare_fewer_are_found(rtl: Path) -> None:
    inputs, outputs = frames(1)
    assert len(mutation_test(rtl, inputs * 0, outputs * 0, count=64).survivors) > 6


def test_a_design_that_is_wrong_without_any_fault_is_an_error(rtl: Path) -> None:
    inputs, outputs = frames(3)
    with pytest.raises(GateFailed, match="without a fault gives other outputs"):
        mutation_test(rtl, inputs, outputs + 1, count=1)


def test_a_constant_that_is_set_to_itself_is_no_fault() -> None:
    cells = {"$add$1": {"type": "$add", "connections": {"B": ["1", "0", 7]}}}
    line = r"mutate -mode {mode} -module \top -cell $add$1 -port \B -portbit {bit}"
    idle = {
        (mode, bit)
        for mode in ("const0", "const1", "inv")
        for bit in range(3)
        if _idle(line.format(mode=mode, bit=bit), cells)
    }
    assert idle == {("const1", 0), ("const0", 1)}


def test_a_mutant_tells_what_was_done_and_where() -> None:
    line = r"mutate -mode inv -module \top -cell $add$a.sv:3$7 -port \B -portbit 15 -src a.sv:1.1 -src a.sv:3.64"
    assert _mutant(line) == Mutant("inv", r"\top", "$add$a.sv:3$7", "B[15]", ("a.sv:1.1", "a.sv:3.64"))
