"""The command line as a user or a script meets it: exit codes, pure JSON, quick help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import hwflow
from hwflow.cli import main
from hwflow.record import Result, anchored, load, save
from tests.support.folders import fill

SAMPLE = Path(__file__).parents[1] / "record" / "sample.json"
COMMANDS = ("train", "export", "inspect", "build", "csim", "check", "report", "boards", "doctor")
HEAVY = "numpy torch onnx onnx_ir onnxruntime hls4ml brevitas qonnx scipy matplotlib h5py jinja2"


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120"}
    command = [sys.executable, "-m", "hwflow", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, **options)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder with a record whose gates hold."""
    save(fill(tmp_path, load(SAMPLE)), tmp_path / "build.json")
    return tmp_path


@pytest.fixture
def late(build: Path) -> Path:
    """A folder with a record of which one gate failed."""
    record = load(build / "build.json")
    bad = Result(stage="cosim", metric="latency", value=2.5, unit="us", limit=1)
    save(anchored(record.model_copy(update={"results": (*record.results, bad)})), build / "build.json")
    return build


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_loads_no_heavy_package(command: list[str]) -> None:
    code = (
        "import sys; from hwflow.cli import main\n"
        f"code = main({[*command, '--help']!r})\n"
        f"heavy = set({HEAVY.split()!r}) & set(sys.modules)\n"
        "assert code == 0 and not heavy, (code, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: hwflow" in done.stdout


def test_help_lists_every_command_and_the_exit_codes() -> None:
    text = run("--help").stdout
    assert all(f"│ {name} " in text for name in COMMANDS)
    assert "2 a gate failed" in text


def test_without_arguments_there_is_help() -> None:
    assert main([]) == 0


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capfd.readouterr().out == f"{hwflow.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["buidl"], "No such command 'buidl'. Did you mean 'build'?"),
        (["build"], "Missing argument 'MODEL.onnx'."),
        (["build", "m.onnx"], "Missing option '--output' / '-o'."),
        (["build", "m.onnx", "-o", "d", "--io-type", "x"], "'x' is not one of 'io_stream', 'io_parallel'."),
        (["csim", "d", "--vectors", "0"], "Input should be greater than or equal to 1"),
        (["boards", "--jsn"], "No such option: --jsn"),
    ],
)
def test_wrong_usage_is_a_user_error(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    plain = capfd.readouterr()
    assert plain.out == ""
    assert message in plain.err
    assert main([*arguments, "--json"]) == 1
    document = json.loads(capfd.readouterr().out)
    assert document["exit_code"] == 1
    assert document["error"]["kind"] == "UsageError"
    assert message in document["error"]["message"]


def test_a_user_error_says_all_its_parts_in_json() -> None:
    done = run("boards", "zcu1020", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["exit_code"] == 1
    assert document["error"]["subject"] == "board"
    assert document["error"]["found"] == "'zcu1020'"
    assert "Did you mean zcu102?" in document["error"]["remedy"]
    assert done.stderr == ""


def test_boards() -> None:
    document = json.loads(run("boards", "--json").stdout)
    assert {"vcu118", "zcu102"} <= document["boards"].keys()
    assert document["boards"]["vcu118"]["usable"]["dsp"] == int(6840 * 0.8)
    assert "xczu9eg-ffvb1156-2-e" in run("boards", "zcu102").stdout


def test_check_of_a_good_record(build: Path) -> None:
    done = run("check", str(build), "--json", "--junit", str(build / "gates.xml"))
    assert done.returncode == 1  # its gates hold and its hashes are right, but these are the files of no design
    assert "no .hwflow marker" in json.loads(done.stdout)["error"]["message"]
    assert ET.parse(build / "gates.xml").getroot().get("failures") == "1"
    document = json.loads(done.stdout)
    assert document["failed"] == []
    assert document["record"] == json.loads(load(build / "build.json").model_dump_json())
    assert "All gates hold" in run("check", str(build)).stdout


def test_check_of_a_failed_gate(late: Path) -> None:
    done = run("check", str(late), "--json", "--junit", str(late / "junit.xml"))
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["exit_code"] == 2
    assert document["error"]["message"] == "1 of 17 gates failed: cosim: latency 2.5 us, limit 1"
    assert [result["stage"] for result in document["failed"]] == ["cosim"]
    assert document["record"]["model"]["name"] == "jet_tagger_n8"
    assert ET.parse(late / "junit.xml").getroot().get("failures") == "2"
    plain = run("check", str(late))
    assert plain.returncode == 2
    assert plain.stderr == "hwflow: 1 of 17 gates failed: cosim: latency 2.5 us, limit 1\n"


def test_check_without_a_build_is_a_user_error(tmp_path: Path) -> None:
    done = run("check", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    expected = "found No such file or directory; expected a build record. Run hwflow build first, or check the path."
    assert done.stderr == f"hwflow: {tmp_path / 'build.json'}: {expected}\n"


def test_report(build: Path) -> None:
    done = run("report", str(build), "--json")
    assert json.loads(done.stdout) == {"report": str(build / "report.html")}
    assert (build / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert run("report", str(build), "-o", str(build / "nowhere" / "x.html")).returncode == 1


def test_doctor_knows_what_is_needed() -> None:
    parts = {part["name"]: part for part in json.loads(run("doctor", "--json").stdout)["parts"]}
    assert parts["onnxruntime"]["required"]
    assert not parts["vivado"]["required"]
    assert parts["numpy"]["state"] in ("ok", "untried")


def test_doctor_fails_when_a_needed_tool_is_missing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["doctor", "--json"]) == 3
    document = json.loads(capfd.readouterr().out)
    assert document["exit_code"] == 3
    assert document["error"]["message"] == "needed but not installed: g++"
    assert {part["name"]: part["state"] for part in document["parts"]}["g++"] == "MISSING"


class Broken:
    """Stands in for the boards."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __call__(self) -> list[str]:
        print("chatter of a library")
        os.system("echo chatter of a child")
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (RuntimeError("oh"), 4, "InternalError"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (PermissionError(13, "Permission denied", "/x"), 1, "UserError"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 3, "PackageMissing"),
        (ModuleNotFoundError("No module named 'hwflow.x'", name="hwflow.x"), 4, "InternalError"),
    ],
)
def test_exit_codes_and_pure_json(
    error: BaseException, code: int, kind: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hwflow.boards.list_boards", Broken(error))
    assert main(["boards", "--json"]) == code
    out, err = capfd.readouterr()
    document = json.loads(out)
    assert (document["exit_code"], document["error"]["kind"]) == (code, kind)
    assert "chatter of a child" in err
    assert "Traceback" not in err


def test_debug_prints_a_traceback(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("hwflow.boards.list_boards", Broken(RuntimeError("oh")))
    assert main(["boards"]) == 4
    assert "hwflow: RuntimeError: oh. This is a defect of hwflow; add --debug for a traceback" in capfd.readouterr().err
    assert main(["boards", "--debug"]) == 4
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_messages_cannot_reach_the_terminal_as_commands(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "a\x1b[2Jb"))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr


def test_termination_ends_the_command_and_its_tools(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hwflow.cli import main\n"
        "from hwflow.processes import run_tool\n"
        "sleep = [sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(60)']\n"
        "import hwflow.boards\n"
        "say = lambda line: print(line, file=sys.stderr, flush=True)\n"
        "hwflow.boards.list_boards = lambda: run_tool(sleep, Path.cwd(), 60, on_line=say)\n"
        "sys.exit(main(['boards']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        tool = int(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(tool, 0)
