"""Build folders from strangers (threat 11): nothing beyond the folder is read or written, nothing waits for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hwflow.cli import main
from hwflow.errors import UserError
from hwflow.files import BuildFolder, check_plain, open_plain
from hwflow.verify.cosim import stamp
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


def test_a_program_runs_only_if_this_user_built_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, file = tmp_path / "simulate", tmp_path / "key"
    program.write_bytes(b"a program")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other user"))
    file.write_text(stamp.stamp_of("key", program))
    assert stamp.is_stamped("key", program, file)
    assert not stamp.is_stamped("another key", program, file)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "this user"))
    assert not stamp.is_stamped("key", program, file)
    file.write_text(stamp.stamp_of("key", program))
    program.write_bytes(b"another program")
    assert not stamp.is_stamped("key", program, file)


def test_the_secret_of_the_stamps_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stamp.stamp_of("key", Path(__file__))
    secret = tmp_path / "hwflow" / "stamps" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.stat().st_size == 32
