"""Random models of hwflow's blocks: what the framework computes is what golden.onnx and the reference do."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hwflow.fuzz.frameworks import Source, draw
from hwflow.fuzz.worker import Climber

SEEDS = range(5)


@pytest.mark.parametrize("source", ["brevitas", "qkeras"])
def test_the_forward_is_what_is_imported(source: Source, tmp_path: Path) -> None:
    pytest.importorskip("qkeras" if source == "qkeras" else "brevitas", exc_type=ImportError)
    climber = Climber(tmp_path, "reference")
    names = [f"seed {seed}" for seed in SEEDS]
    climber.climb([partial(draw, source, seed) for seed in SEEDS], names, lambda _: None)
    for outcome in climber.outcomes.values():
        assert (outcome.fault, outcome.refused, outcome.reached) == (None, "", "reference")
