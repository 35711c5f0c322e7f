"""Terminals, pipes, disks and interruptions: each with the exit code that it deserves, and no traceback."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hwflow.cli.failure import failure_of
from hwflow.errors import UserError
from hwflow.processes import run_tool
from tests.support.qonnx import ModelBuilder, weights

HWFLOW = [sys.executable, "-m", "hwflow"]


def shell(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """In bash, where HWFLOW runs hwflow."""
    environment = {**os.environ, "HWFLOW": " ".join(HWFLOW), **variables}
    command = ["bash", "-c", f"set -o pipefail; {script}"]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)


@pytest.mark.parametrize("arguments", ["boards", "boards --json"])
def test_a_reader_that_goes_early_changes_no_exit_code(arguments: str) -> None:
    done = shell(f"$HWFLOW {arguments} | true")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_failure_keeps_its_exit_code_without_a_reader(tmp_path: Path) -> None:
    done = shell(f"$HWFLOW check {tmp_path / 'none'} --json | true")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", ["boards", "boards --json"])
def test_an_answer_that_cannot_be_written_is_a_user_error(arguments: str) -> None:
    done = shell(f"$HWFLOW {arguments} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("hwflow: standard output: found No space left on device")
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_an_ascii_terminal(tmp_path: Path) -> None:
    done = shell(f"$HWFLOW check '{tmp_path}/µ'", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "hwflow: " in done.stderr and "Traceback" not in done.stderr
    assert shell("$HWFLOW boards", PYTHONIOENCODING="ascii").returncode == 0


LOSES = """
import os, signal, sys
import hwflow.boards
from hwflow.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
def lose():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        {how}
    from hwflow.cli.progress import Steps
    Steps()("a step")
    return []
hwflow.boards.list_boards = lose
sys.exit(main(["boards"]))
"""


@pytest.mark.parametrize("how", ["pass", "raise ImportError('numpy')", "raise SystemError('lost')", "raise"])
def test_an_interruption_is_one_whatever_a_library_makes_of_it(how: str) -> None:
    command = [sys.executable, "-c", LOSES.format(how=how)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "hwflow: interrupted\n")


def test_an_interruption_while_the_command_line_itself_is_imported() -> None:
    code = (
        "import os, signal, sys, builtins; from hwflow.cli import main\n"
        "real = builtins.__import__\n"
        "def late(name, *rest):\n"
        "    if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = late; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(main(['boards']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "hwflow: interrupted\n")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("Can't write data (errno = 28, error message = 'No space left on device')"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_said_to_be_one(error: Exception) -> None:
    failure = failure_of(error)
    assert (failure.exit_code, failure.kind) == (1, "UserError")
    assert "no room on the disk" in failure.message


def test_of_a_copy_the_place_is_named_that_is_full() -> None:
    assert failure_of(OSError(errno.ENOSPC, "No space", "from", None, "to")).message.startswith("to: found no room")


def test_a_tool_that_says_that_the_disk_is_full(tmp_path: Path) -> None:
    full = [sys.executable, "-c", "import sys; sys.exit('as: fatal error: closing x.o: No space left on device')"]
    with pytest.raises(UserError, match=f"{tmp_path}: found no room on the disk"):
        run_tool(full, tmp_path, 60)


def test_memory_that_is_not_enough() -> None:
    assert failure_of(MemoryError("Unable to allocate 8.00 TiB")).message == (
        "memory: found not enough (Unable to allocate 8.00 TiB); expected more. Use a smaller model or less data."
    )


def test_a_build_on_a_full_disk_ends_with_1_and_can_be_started_again(tmp_path: Path) -> None:
    """Files that may not grow stand for a disk that is full: that needs no rights."""
    m = ModelBuilder()
    model = m.save(tmp_path, m.quant(m.node("MatMul", m.quant(m.input(1, 4)), m.weights(weights(4, 3)))))
    command = [*HWFLOW, "build", str(model), "-o", str(tmp_path / "design")]

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_files, check=False)
    assert done.returncode == 1, done.stderr
    assert "found no room on the disk" in done.stderr
    assert not (tmp_path / "design" / "build.json").exists()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
