"""Tools run without a shell, within their time, and leave no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwflow.errors import ToolMissing
from hwflow.processes import TAIL_LINES, ToolTimeout, find_tool, run_tool

ROOT = Path(__file__).parents[2]

# Starts a child that ignores TERM and holds the output open, and says its process id.
PARENT = (
    "import subprocess, sys, time\n"
    "ignore = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=1); time.sleep(60)'\n"
    "child = subprocess.Popen([sys.executable, '-c', ignore], stdout=subprocess.PIPE)\n"
    "child.stdout.readline(); print(child.pid, flush=True); "
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_output_code_log_and_lines(tmp_path: Path) -> None:
    code = "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.exit(3)"
    lines: list[str] = []
    done = run_tool(python(code), tmp_path, 20, tmp_path / "log", lines.append)
    assert (done.returncode, done.output_tail) == (3, "out\nerr")
    assert (tmp_path / "log").read_bytes() == b"out\nerr\n"
    assert lines == ["out", "err"]


def test_the_tail_is_short_and_the_log_is_whole(tmp_path: Path) -> None:
    code = "import sys; [print(i) for i in range(1000)]; sys.stdout.write('x' * 200000)"
    done = run_tool(python(code), tmp_path, 20, tmp_path / "log")
    assert len(done.output_tail.splitlines()) == TAIL_LINES
    assert (tmp_path / "log").stat().st_size == sum(len(f"{i}\n") for i in range(1000)) + 200000


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("print('ERROR: [Synth 8-439] no k0'); print('2 Errors'); exit(1)", "ended with exit code 1: ERROR: [Synth 8"),
        ("print('all is lost'); exit(3)", "ended with exit code 3: all is lost"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
    ],
)
def test_how_and_why_a_tool_failed(tmp_path: Path, code: str, failure: str) -> None:
    assert run_tool(python(code), tmp_path, 20).failure.startswith(failure)


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    done = run_tool(python(r"import sys; sys.stdout.buffer.write(b'\xff\x00ok\n')"), tmp_path, 20)
    assert done.output_tail == "\ufffd\0ok"


def test_arguments_are_not_for_a_shell(tmp_path: Path) -> None:
    done = run_tool([*python("import sys; print(sys.argv[1])"), "$(touch pwned); `touch pwned`"], tmp_path, 20)
    assert done.output_tail == "$(touch pwned); `touch pwned`"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError, match="a list of arguments, not one string"):
        run_tool("touch pwned", tmp_path, 20)


def test_there_is_no_input_and_the_environment_is_the_given_one(tmp_path: Path) -> None:
    code = "import os, sys; print(repr(sys.stdin.read()), sorted(os.environ.keys() & {'ONLY', 'HOME'}))"
    assert run_tool(python(code), tmp_path, 20, env={"ONLY": "1"}).output_tail == "'' ['ONLY']"


def test_after_the_time_limit_the_whole_group_is_gone(tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(ToolTimeout, match="did not end within its time limit of 1 s and was stopped") as caught:
        run_tool(python(PARENT + "time.sleep(60)"), tmp_path, 1, on_line=lines.append)
    assert gone(int(lines[0]))
    assert caught.value.output_tail == lines[0]
    assert caught.value.exit_code == 2


def test_after_an_interruption_the_whole_group_is_gone(tmp_path: Path) -> None:
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tool(python(PARENT + "time.sleep(60)"), tmp_path, 20, on_line=interrupt)
    assert gone(int(lines[0]))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_tool_and_its_children_end_with_hwflow_even_killed(tmp_path: Path, number: signal.Signals) -> None:
    tool = f"{PARENT}time.sleep(60)"
    code = (
        "import sys; from pathlib import Path; from hwflow.processes import run_tool\n"
        "run_tool([sys.executable, '-c', sys.argv[1]], Path(), 60, on_line=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code, tool], cwd=ROOT, stdout=subprocess.PIPE, text=True) as ours:
        assert ours.stdout is not None
        child = int(ours.stdout.readline())
        assert alive(child)
        ours.send_signal(number)
    assert gone(child)


def test_a_child_that_outlives_the_tool_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    code = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    began = time.monotonic()
    done = run_tool(python(code), tmp_path, 30)
    assert time.monotonic() - began < 20
    assert gone(int(done.output_tail))
    assert done.returncode == 0


def test_a_tool_that_closes_its_output_is_still_timed(tmp_path: Path) -> None:
    with pytest.raises(ToolTimeout):
        run_tool(python("import os, time; os.close(1); os.close(2); time.sleep(60)"), tmp_path, 1)


def test_find_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "mytool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    assert find_tool("mytool", "tests", "Install it.") == tool
    expected = r"^g\+\+: not installed or not on the PATH; needed for csim. Install g\+\+.$"
    with pytest.raises(ToolMissing, match=expected) as caught:
        find_tool("g++", "csim", "Install g++.")
    assert caught.value.exit_code == 3
