"""3,000 random models of fixed seeds: refused by name, or oracle, golden.onnx and reference agree."""

from __future__ import annotations

import pytest

from hwflow.fuzz.run import fuzz

COUNT = 3000


@pytest.mark.timeout(1800)
def test_no_model_is_a_fault() -> None:
    summary = fuzz(range(COUNT), "reference")
    assert summary.done == COUNT
    assert not summary.faults, summary.document()["faults"]
    assert summary.passed["reference"] > 0.6 * COUNT
