"""Build folders from strangers (threat 11): nothing beyond the folder is read or written, nothing waits for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hwflow.cli import main
from hwflow.design import Design
from hwflow.errors import UserError
from hwflow.files import BuildFolder, check_plain, open_plain
from hwflow.record import FILE, anchored, hashes, load, save
from hwflow.signature import is_signed, signature
from tests.support.qonnx import ModelBuilder, weights

PLACES = (
    "model.onnx", "build.json", "vectors.npz", "cosim", "cosim/run", "hls", "hls/g++.log", "hls/tb_data",
    "rtl/rtl.json", "library", "vivado", ".hwflow.lock", ".hls.partial",
)  # fmt: skip


def soft_link(place: Path, outside: Path) -> None:
    place.symlink_to(outside)


def hard_link(place: Path, outside: Path) -> None:
    place.hardlink_to(outside / "precious")


def pipe(place: Path, _: Path) -> None:
    os.mkfifo(place)


ODD = (soft_link, hard_link, pipe)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's, with a file."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "precious").write_text("years of work")
    return folder


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A build folder that came from somewhere."""
    return BuildFolder.create(tmp_path / "foreign").path


def model(folder: Path) -> str:
    m = ModelBuilder()
    return str(m.save(folder, m.quant(m.node("MatMul", m.quant(m.input(1, 4)), m.weights(weights(4, 3))))))


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_plain_file_is_refused_wherever_it_lies(
    make: Callable[[Path, Path], None], place: str, foreign: Path, outside: Path
) -> None:
    (foreign / place).parent.mkdir(exist_ok=True)
    make(foreign / place, outside)
    with pytest.raises(UserError, match=r"expected a plain file, as hwflow writes them\. Remove it; or") as caught:
        BuildFolder(foreign)
    assert caught.value.subject == str(foreign / place)


@pytest.mark.parametrize("command", ["csim", "cosim", "synth", "check", "report", "build"])
@pytest.mark.parametrize("make", ODD)
def test_every_command_refuses_the_folder_and_touches_nothing(
    command: str, make: Callable[[Path, Path], None], foreign: Path, outside: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    make(foreign / "build.json", outside)
    arguments = [command, model(tmp_path), "-o", str(foreign)] if command == "build" else [command, str(foreign)]
    assert main(arguments) == 1
    assert f"hwflow: {foreign / 'build.json'}: found a" in capsys.readouterr().err
    assert (outside / "precious").read_text() == "years of work"
    assert [entry.name for entry in outside.iterdir()] == ["precious"]


def test_a_link_that_was_made_after_the_folder_was_opened_is_found_under_the_lock(foreign: Path, outside: Path) -> None:
    folder = BuildFolder(foreign)
    (foreign / "cosim").symlink_to(outside)
    with pytest.raises(UserError, match="cosim: found a link"), folder.lock():
        pass


def test_a_hard_link_in_place_of_the_lock_is_not_emptied(foreign: Path, outside: Path) -> None:
    folder = BuildFolder(foreign)
    hard_link(foreign / ".hwflow.lock", outside)
    with pytest.raises(UserError, match=r"found a file with 2 names \(hard links\)"), folder.lock():
        pass
    assert (outside / "precious").read_text() == "years of work"


def test_the_folder_itself_may_be_reached_by_a_link(foreign: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(foreign)
    with BuildFolder(tmp_path / "link").lock():
        pass


def test_a_pipe_does_not_make_a_reader_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="found a pipe, socket or device"):
        open_plain(tmp_path / "pipe")


def test_what_is_plain_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "file").write_text("")
    check_plain(tmp_path)


def test_a_signature_is_of_this_user_and_this_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other user"))
    file.write_text(signature("text"))
    assert is_signed("text", file)
    assert not is_signed("another text", file)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "this user"))
    assert not is_signed("text", file)
    file.unlink()
    assert not is_signed("text", file)


def test_the_secret_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    signature("text")
    secret = tmp_path / "hwflow" / "signatures" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.stat().st_size == 32


def forge(folder: Path, file: str, text: str) -> None:
    """Change a file, and the record with it, as one who knows hwflow can."""
    with (folder / file).open("a") as changed:
        changed.write(text)
    record = load(folder / FILE)
    save(anchored(record.model_copy(update={"artefacts": hashes(folder)})), folder / FILE)


@pytest.mark.parametrize(
    ("file", "code", "command"),
    [
        ("rtl/hwflow_top.sv", '\nmodule x; initial $system("touch OWNED"); endmodule\n', "cosim"),
        ("rtl/hwflow_top.sv", '\nmodule x; initial $system("touch OWNED"); endmodule\n', "synth"),
        ("hls/firmware/hwflow_top.cpp", '\n#include <cstdlib>\nstatic int x = system("touch OWNED");\n', "csim"),
    ],
)
def test_code_that_hwflow_would_not_write_is_neither_compiled_nor_run(
    file: str, code: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    cache = str(tmp_path / "a stranger")
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    folder = tmp_path / "design"
    assert main(["build", model(tmp_path), "-o", str(folder)]) == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "the user"))
    Design.load(folder).verify("hls", "rtl")  # untouched it is taken
    forge(folder, file, code.replace("OWNED", str(tmp_path / "owned")))
    capsys.readouterr()
    assert main([command, str(folder)]) == 2
    assert f"not what is written for this graph and schedule: {file}" in capsys.readouterr().err
    assert not (tmp_path / "owned").exists()
