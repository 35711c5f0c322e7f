"""300 random models of fixed seeds: those that become hardware are right as C++ and as RTL, to the cycle."""

from __future__ import annotations

import pytest

from hwflow.fuzz.run import fuzz

FIRST, COUNT = 10_000, 300


@pytest.mark.timeout(1800)
def test_no_model_is_a_fault() -> None:
    summary = fuzz(range(FIRST, FIRST + COUNT))
    assert summary.done == COUNT
    assert not summary.faults, summary.document()["faults"]
    assert summary.passed["rtl"] > 0.3 * COUNT
