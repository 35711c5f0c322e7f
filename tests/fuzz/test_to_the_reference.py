"""3,000 random models of fixed seeds: refused by name, or oracle, golden.onnx and reference agree."""

from __future__ import annotations

import pytest

from hwflow.fuzz.run import fuzz

COUNT = 3000
_DEPTHS = "GraphError: no FIFO depths keep the throughput of its folds over 64 frames"
_WIDE = "a value of more than 24 bits is one step of float32 off the oracle's"
OPEN = {1930: _DEPTHS, 2910: _DEPTHS, 2510: _WIDE, 2823: _WIDE}
"""Seeds whose fault is known and not mended yet. To be emptied."""


@pytest.mark.timeout(1800)
def test_no_model_is_a_fault() -> None:
    seeds = [seed for seed in range(COUNT) if seed not in OPEN]
    summary = fuzz(seeds, "reference")
    assert summary.done == len(seeds)
    assert not summary.faults, summary.document()["faults"]
    assert summary.passed["reference"] > 0.6 * COUNT
