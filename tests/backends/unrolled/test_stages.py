"""Where operations go: behind their operands, within the clock, in few and even stages."""

from __future__ import annotations

import pytest

pytest.importorskip("alkaid")

from hwflow.backends.unrolled.clamps import clamp_last
from hwflow.backends.unrolled.delays import REGISTER_NS, Opcode, delays, uses_dsp
from hwflow.backends.unrolled.program import Program
from hwflow.backends.unrolled.stages import place
from hwflow.backends.unrolled.trace import trace
from tests.backends.unrolled import graphs


@pytest.fixture(scope="module")
def program() -> Program:
    return trace(clamp_last(graphs.attention()))


@pytest.mark.parametrize("clock_mhz", [50.0, 100.0, 200.0, 300.0])
def test_operands_come_first_and_the_clock_is_kept(program: Program, clock_mhz: float) -> None:
    stages = place(program, clock_mhz)
    assert all(stages.of[i] <= at for op, at in zip(program.ops, stages.of, strict=True) for i in op.addr)
    assert set(stages.of) == set(range(stages.count))
    assert stages.period_ns <= 1000 / clock_mhz


def test_a_clock_that_no_operation_keeps_is_reported(program: Program) -> None:
    stages = place(program, 1000.0)
    assert stages.period_ns == pytest.approx(max(delays(program)) + REGISTER_NS, abs=0.3)
    assert stages.period_ns > 1.0


def test_delays_follow_the_hardware(program: Program) -> None:
    times = delays(program)
    kinds = {op.opcode: [] for op in program.ops}
    for op, time in zip(program.ops, times, strict=True):
        kinds[op.opcode].append(time)
    assert max(kinds[Opcode.SELECT]) == max(kinds[Opcode.INPUT]) == 0
    assert 0.3 < max(kinds[Opcode.ADD]) < 1.0
    assert max(kinds[Opcode.MULTIPLY]) > max(kinds[Opcode.TABLE]) > 0


def test_small_products_stay_out_of_dsp_slices() -> None:
    assert not uses_dsp((4, 4))
    assert not uses_dsp((1, 20))
    assert uses_dsp((4, 5))
