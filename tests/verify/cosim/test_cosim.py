"""Co-simulation of a hand-made design: what it measures, and that it finds what is wrong."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import GateFailed, UserError
from hwflow.schedule.run import DeadlockError
from hwflow.verify.cosim import CosimOptions, CosimResult, ModeName, run_cosim
from tests.verify.cosim.example import BEATS, DEPTHS, KERNELS, edit, golden, simulated, write_rtl

FRAMES = 12
EXPECTED = simulated(FRAMES)


def cosim(rtl: Path, *modes: ModeName, frames: int = FRAMES, streams: bool = False, seed: int = 1) -> CosimResult:
    options = CosimOptions(EXPECTED.latency, EXPECTED.ii, modes, seed, streams)
    return run_cosim(rtl, rtl.parent / "cosim", golden(frames), KERNELS, options)


@pytest.fixture(scope="module")
def rtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The design as it should be; nobody edits it."""
    return write_rtl(tmp_path_factory.mktemp("design") / "rtl")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The design, to be damaged."""
    return write_rtl(tmp_path / "rtl")


def test_measured_is_simulated(rtl: Path) -> None:
    result = cosim(rtl, "nominal", streams=True)
    result.check()
    (run,) = result.runs
    assert (run.latency, run.first_output, run.ii) == (EXPECTED.latency, EXPECTED.first_output, EXPECTED.ii)
    assert tuple(run.accepted[:, 0]) == EXPECTED.frame_starts
    assert tuple(run.handed[:, -1]) == EXPECTED.frame_ends
    assert {name: use.high_water for name, use in run.fifos.items()} == EXPECTED.high_water
    assert [(p.channel, p.wrong) for p in run.parity] == [(c, 0) for c in ("output", "input", "a", "b", "c", "d", "e")]
    assert all(p.compared == FRAMES * BEATS * 2 for p in run.parity)


@pytest.mark.parametrize("change", [{"input": 1, "a": 1}, {"a": 3, "d": 1}, {"b": 1, "c": 4, "e": 1, "output": 1}])
def test_shallow_fifos_cost_what_the_simulation_says(own: Path, change: dict[str, int]) -> None:
    shallow = write_rtl(own.parent / "shallow", {**DEPTHS, **change})
    expected = simulated(FRAMES, {**DEPTHS, **change})
    result = cosim(shallow, "nominal")
    result.check()
    (run,) = result.runs
    assert tuple(run.handed[:, -1]) == expected.frame_ends
    assert {name: use.high_water for name, use in run.fifos.items()} == expected.high_water


def test_stalls_and_resets_change_no_bit(rtl: Path) -> None:
    result = cosim(rtl, "stalls", "reset", frames=40, streams=True)
    result.check()
    assert [run.mode.name for run in result.runs] == ["stalls"] * 3 + ["reset"] * 3
    assert all(run.resets == 6 for run in result.runs[3:])
    assert all(run.latency == EXPECTED.latency for run in result.runs[3:])
    assert all(run.ii > EXPECTED.ii for run in result.runs[:3])


def test_the_same_seed_gives_the_same_cycles(rtl: Path) -> None:
    first, again, other = (cosim(rtl, "stalls", seed=seed).runs[0].handed for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_stalls_of_kernels(rtl: Path) -> None:
    (run,) = cosim(rtl, "nominal").runs
    assert run.kernels["k4_times_four"].blocked == 0  # the slowest: it never waits for room
    assert run.kernels["k4_times_four"].starved < run.kernels["k0_add_one"].blocked
    assert run.fifos["a"].full > 0 == run.fifos["output"].held


def test_a_shallow_fifo_that_deadlocks_is_reported(own: Path) -> None:
    depths = {**DEPTHS, "c": BEATS - 1}
    with pytest.raises(DeadlockError):
        simulated(FRAMES, depths)
    result = cosim(write_rtl(own.parent / "shallow", depths), "nominal")
    assert result.runs[0].deadlock
    assert result.nominal is None
    with pytest.raises(GateFailed, match=r"deadlock.*input 2/2, a 5/5, b 0/2, c 3/3, d 0/2"):
        result.check()


def test_a_wrong_bit_is_found_where_it_arises(own: Path) -> None:
    """One sum is wrong by one, for one value of the bypass: frame 7, beat 2."""
    x, y = (int(v) & 255 for v in golden(FRAMES)["c"].values[7, 2])
    edit(own, "k3_join.sv", "s1_data[15:8],", f"s1_data[15:8] + 8'(s0_data == 16'h{y:02x}{x:02x}),")
    result = cosim(own, "nominal")
    wrong = result.runs[0].wrong
    assert wrong is not None
    assert (wrong.kernel, wrong.channel, wrong.frame, wrong.beat, wrong.element) == ("k3_join", "e", 7, 2, 1)
    assert (wrong.got - wrong.expected) % 256 == 1
    assert 0 < result.wrong_bits < 11
    with pytest.raises(GateFailed, match=r"kernel k3_join, channel e, frame 7, beat 2, element 1: got .*\n.*wave.fst"):
        result.check()
    assert result.wave is not None
    first, last = np.frombuffer(result.wave.read_bytes()[9:25], ">u8")
    assert (first // 10, last // 10) == (EXPECTED.frame_starts[7], EXPECTED.frame_ends[7])


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("hwflow_top.sv", "beat == 2'(BEATS - 1)", "beat == 2'd0", "wrong tlast"),
        ("hwflow_top.sv", "{4'd0, output_data}", "{4'd1, output_data}", "wrong bits"),
        ("k0_add_one.sv", "rst ? '0 : {valid[1:0], start}", "{valid[1:0], start}", "reset"),
        ("k2_total.sv", "if (rst) index <= '0;\n        else if", "if", "reset"),
    ],
)
def test_mistakes_of_all_kinds_are_found(own: Path, file: str, old: str, new: str, said: str) -> None:
    edit(own, file, old, new)
    result = cosim(own, "nominal", "reset", frames=24)
    assert said in " ".join(result.failures)


def test_an_unchanged_design_is_not_built_again(rtl: Path) -> None:
    cosim(rtl, "nominal")
    program = rtl.parent / "cosim" / "simulator" / "simulate"
    before = program.stat().st_mtime_ns
    cosim(rtl, "nominal")
    assert program.stat().st_mtime_ns == before


def test_rtl_that_is_refused_names_the_error_and_leaves_a_usable_folder(own: Path) -> None:
    edit(own, "k3_join.sv", "assign start =", "assign start ==")
    with pytest.raises(GateFailed, match=r"Verilator ended with exit code 1: .*k3_join.sv:\d+.*syntax error"):
        cosim(own, "nominal")
    edit(own, "k3_join.sv", "assign start ==", "assign start =")
    cosim(own, "nominal").check()


def test_a_killed_simulation_is_one_clear_error(rtl: Path) -> None:
    cosim(rtl, "nominal")  # built
    killer = threading.Thread(target=_kill, args=(str(rtl.parent / "cosim" / "simulator" / "simulate"),))
    killer.start()
    with pytest.raises(GateFailed, match="ended by SIGKILL in mode nominal"):
        cosim(rtl, "nominal", frames=100_000)
    killer.join()
    cosim(rtl, "nominal").check()


def _kill(program: str) -> None:
    """Kill the process that runs the program as soon as there is one."""
    while True:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if entry.read_bytes().split(b"\0")[0].decode(errors="replace") == program:
                    return os.kill(int(entry.parent.name), signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.01)


def test_a_damaged_manifest(own: Path) -> None:
    edit(own, "rtl.json", '"k3_join.sv"', '"--k3_join.sv"')
    with pytest.raises(UserError, match=r"rtl\.json: found sources\.\d+\.String should match"):
        cosim(own, "nominal")
    (own / "rtl.json").write_text("{")
    with pytest.raises(UserError, match=r"rtl\.json: found Invalid JSON: EOF .*; expected the manifest of"):
        cosim(own, "nominal")


def test_a_design_of_other_beats(own: Path) -> None:
    edit(own, "rtl.json", '"width": 20', '"width": 21')
    with pytest.raises(UserError, match=r"channel output: found 4 beats of 21 bits; expected 4 beats of 20 bits"):
        cosim(own, "nominal")
