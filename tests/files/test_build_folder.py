"""Files are whole or not there; nothing that is not ours is removed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hwflow.errors import UserError
from hwflow.files import MARKER, BuildFolder, sha256_file, write_atomic


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_write_atomic_writes_text_and_bytes(tmp_path: Path) -> None:
    assert write_atomic(tmp_path / "a", "µs\n").read_text(encoding="utf-8") == "µs\n"
    assert write_atomic(tmp_path / "a", b"\0\1").read_bytes() == b"\0\1"
    assert entries(tmp_path) == ["a"]


def test_write_atomic_keeps_the_old_content_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_atomic(tmp_path / "a", "old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert entries(tmp_path) == ["a"]


def test_write_atomic_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomic(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "precious"
    assert not (tmp_path / "link").is_symlink()


def test_sha256_file(tmp_path: Path) -> None:
    digest = sha256_file(write_atomic(tmp_path / "a", b"abc"))
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_create_makes_a_folder_and_opens_it_again(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path / "a" / "b")
    write_atomic(folder.path / "model.onnx", b"m")
    assert BuildFolder.create(folder.path).path == BuildFolder(folder.path).path == folder.path
    assert entries(folder.path) == [MARKER, "model.onnx"]


def test_create_refuses_a_folder_with_other_content(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    expected = (
        f"{tmp_path}: found a folder with other files and no .hwflow marker; expected an empty folder, a build folder, "
        "or nothing. Choose another output folder."
    )
    with pytest.raises(UserError, match=f"^{re.escape(expected)}$"):
        BuildFolder.create(tmp_path)
    assert entries(tmp_path) == ["thesis.tex"]


def test_create_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(UserError, match="a: found a file; expected a folder, or nothing"):
        BuildFolder.create(tmp_path / "a")


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("hwflow build folder, format 99\n")
    with pytest.raises(UserError, match=r"format 99'; expected hwflow build folder, format 1. Build into a new folder"):
        BuildFolder.create(tmp_path)


def test_clean_removes_all_but_the_marker_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "keep").write_text("precious")
    folder = BuildFolder.create(tmp_path / "build")
    (folder.path / "hls").mkdir()
    (folder.path / "hls" / "a.cpp").write_text("")
    (folder.path / "link").symlink_to(tmp_path / "outside")
    folder.clean()
    assert entries(folder.path) == [MARKER]
    assert entries(tmp_path / "outside") == ["keep"]


def test_clean_refuses_a_folder_whose_marker_has_gone(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path / "build")
    (folder.path / "keep").write_text("")
    (folder.path / MARKER).unlink()
    with pytest.raises(UserError, match=r"found no \.hwflow marker; expected a build folder"):
        folder.clean()
    assert entries(folder.path) == ["keep"]


def test_staging_replaces_the_folder_on_success(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path)
    for content in ("old", "new"):
        with folder.staging("hls") as partial:
            (partial / content).write_text(content)
    assert entries(folder.path / "hls") == ["new"]
    assert entries(tmp_path) == [MARKER, "hls"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_interrupted_staging_leaves_the_old_folder(tmp_path: Path, error: type[BaseException]) -> None:
    folder = BuildFolder.create(tmp_path)
    with folder.staging("hls") as partial:
        (partial / "old").write_text("")

    def build() -> None:
        with folder.staging("hls") as partial:
            (partial / "half").write_text("")
            raise error

    with pytest.raises(error):
        build()
    assert entries(folder.path / "hls") == ["old"]
    assert entries(tmp_path) == [MARKER, "hls"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/tmp/a", ".hwflow"])
def test_staging_takes_plain_names_only(tmp_path: Path, name: str) -> None:
    folder = BuildFolder.create(tmp_path)
    with pytest.raises(ValueError, match="is not a plain file name"), folder.staging(name):
        pass


def test_lock_tidies_what_a_killed_build_left(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path)
    (tmp_path / ".hls.old").mkdir()  # killed between the two renames of an exchange
    (tmp_path / ".hls.old" / "whole").write_text("")
    (tmp_path / ".hls.partial").mkdir()
    (tmp_path / ".build.json.1234.partial").write_text("{")
    with folder.lock():
        assert entries(tmp_path / "hls") == ["whole"]
        assert entries(tmp_path) == [MARKER, ".hwflow.lock", "hls"]


def test_two_builds_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path)
    expected = (
        f"{tmp_path}: found a command that works in it (process {os.getpid()}); expected a folder that no other "
        "command uses. Wait for it, or choose another folder."
    )
    with folder.lock(), pytest.raises(UserError, match=f"^{re.escape(expected)}$"), BuildFolder(tmp_path).lock():
        pass
    with folder.lock():
        pass


def test_the_lock_of_a_killed_build_is_taken_over(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path)
    hold = (
        "import sys, time; from pathlib import Path; from hwflow.files import BuildFolder\n"
        "with BuildFolder(Path(sys.argv[1])).lock():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True) as build:
        assert build.stdout is not None
        assert build.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=rf"process {build.pid}\)"), folder.lock():
            pass
        build.send_signal(signal.SIGKILL)
    with folder.lock():
        assert (tmp_path / ".hwflow.lock").read_text() == f"{os.getpid()}\n"


def test_one_that_comes_second_can_wait(tmp_path: Path) -> None:
    folder = BuildFolder.create(tmp_path)
    hold = (
        "import sys; from pathlib import Path; from hwflow.files import BuildFolder\n"
        "with BuildFolder(Path(sys.argv[1])).lock():\n"
        "    print('held', flush=True); sys.stdin.read(1)"
    )
    command = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        said: list[str] = []

        def say(text: str) -> None:
            said.append(text)
            assert first.stdin is not None
            first.stdin.close()

        with folder.lock(say):
            assert said == [f"waiting for process {first.pid}, which works in {tmp_path}"]


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    folder = BuildFolder.create(tmp_path / "build")
    (folder.path / ".hwflow.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(UserError, match="found a link; expected a plain file"), folder.lock():
        pass
    assert (tmp_path / "victim").read_text() == "precious"
