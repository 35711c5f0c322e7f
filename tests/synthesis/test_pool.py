"""Jobs run side by side, in order, within their time, and none outlives the caller."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hwflow.processes import ToolTimeout
from hwflow.synthesis.pool import Job, run_jobs, tail, width_for


def job(folder: Path, name: str, code: str) -> Job:
    return Job(name, (sys.executable, "-c", code), folder, folder / f"{name}.log", dict(os.environ))


def test_each_job_is_told_with_its_exit_code(tmp_path: Path) -> None:
    jobs = [job(tmp_path, f"j{code}", f"print({code}); raise SystemExit({code})") for code in (0, 3, 1)]
    assert {each.name: code for each, code in run_jobs(jobs, 2, 60)} == {"j0": 0, "j3": 3, "j1": 1}
    assert [tail(each.log) for each in jobs] == ["0", "3", "1"]


def test_a_job_is_made_only_when_its_turn_has_come(tmp_path: Path) -> None:
    made: list[str] = []

    def jobs() -> Iterator[Job]:
        for name in "abcd":
            made.append(name)
            yield job(tmp_path, name, "")

    with closing(run_jobs(jobs(), 2, 60)) as ended:
        next(ended)
        assert made == ["a", "b"]
        assert len(list(ended)) == 3
    assert made == ["a", "b", "c", "d"]


def test_the_others_are_ended_when_the_caller_gives_up(tmp_path: Path) -> None:
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    until = "import os, time\nwhile not os.path.exists('pid') or not open('pid').read(): time.sleep(0.05)"
    jobs = [job(tmp_path, "long", code), job(tmp_path, "short", until)]
    with suppress(KeyboardInterrupt), closing(run_jobs(jobs, 2, 60)) as ended:
        for _ in ended:
            raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_job_that_takes_too_long_is_named(tmp_path: Path) -> None:
    jobs = [job(tmp_path, "endless", "import time; print('so far', flush=True); time.sleep(600)")]
    with pytest.raises(ToolTimeout, match="endless: did not end within its time limit of 1 s"):
        list(run_jobs(jobs, 1, 1.0))


def test_at_least_one_runs_however_little_memory_there_is() -> None:
    assert width_for(1 << 60) == 1
    assert 1 <= width_for(1) <= (os.cpu_count() or 1)


def test_the_tail_of_a_long_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {i}\n\n" for i in range(50_000)))
    assert tail(log, 2) == "line 49998\nline 49999"
