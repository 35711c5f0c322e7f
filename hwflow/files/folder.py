"""The folder that a build lives in."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from hwflow.errors import UserError
from hwflow.files.atomic import PARTIAL, sync_folder, write_atomic
from hwflow.files.plain import check_plain, open_plain

MARKER = ".hwflow"
FORMAT = 1
_HEADER = "hwflow build folder, format "
_LOCK = ".hwflow.lock"
_OLD = ".old"
_OWN = {MARKER, _LOCK}


class BuildFolder:
    """A folder that belongs to hwflow, which a marker file says.

    Guarantees: nothing is removed from a folder without the marker; a sub-folder made by `staging` is whole or not
    there; one `lock` at a time. A lock ends with its process, so an interrupted build can be started again.
    It may come from a stranger: one with links or pipes in it is refused, so that nothing beyond it is touched.
    """

    def __init__(self, path: Path) -> None:
        """An existing build folder.

        Raises UserError for a folder without the marker, with one of another format, or with a link or pipe in it.
        """
        self.path = Path(path)
        self._check()
        check_plain(self.path)

    @classmethod
    def create(cls, path: Path) -> BuildFolder:
        """Make a build folder, or re-open one. Raises UserError for a file or a folder with other content."""
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise UserError(str(path), "a file", "a folder, or nothing", "Choose another output folder.")
        path.mkdir(parents=True, exist_ok=True)
        if not (path / MARKER).exists():
            if any(entry.name != _LOCK for entry in path.iterdir()):
                raise UserError(
                    str(path),
                    f"a folder with other files and no {MARKER} marker",
                    "an empty folder, a build folder, or nothing",
                    "Choose another output folder.",
                )
            write_atomic(path / MARKER, f"{_HEADER}{FORMAT}\n")
        return cls(path)

    @contextmanager
    def lock(self, say: Callable[[str], None] | None = None) -> Iterator[BuildFolder]:
        """Hold the folder for one command, and first tidy up what an interrupted one left.

        If another command, in this process or another, holds it: waits, and ``say`` is told for whom; raises UserError
        without ``say``. Raises it for a link or pipe in the folder too.
        """
        handle = open_plain(self.path / _LOCK, os.O_RDWR | os.O_CREAT)
        with os.fdopen(handle, "r+", encoding="ascii", errors="replace") as file:
            self._take(file, say)
            check_plain(self.path)
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n")
            file.flush()
            self._tidy()
            yield self

    def _take(self, file: TextIO, say: Callable[[str], None] | None) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if say is None:
                raise _held(self.path, file) from None
            say(f"waiting for {_holder(file)}, which works in {self.path}")
            fcntl.flock(file, fcntl.LOCK_EX)

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A fresh folder that takes the place of the sub-folder ``name`` when the body succeeds.

        If the body raises, the fresh folder goes and the old ``name`` stays. ``name`` is a plain file name.
        """
        if name != Path(name).name or not name or name.startswith("."):
            raise ValueError(f"staging: {name!r} is not a plain file name")
        partial, final = self.path / f".{name}{PARTIAL}", self.path / name
        _remove(partial)
        partial.mkdir()
        try:
            yield partial
            self._install(partial, final)
        finally:
            _remove(partial)

    def clean(self) -> None:
        """Remove all of the content but the marker and the lock. Raises UserError if the marker has gone."""
        self._check()
        for entry in self.path.iterdir():
            if entry.name not in _OWN:
                _remove(entry)

    def _install(self, partial: Path, final: Path) -> None:
        old = self.path / f".{final.name}{_OLD}"
        _remove(old)
        if os.path.lexists(final):
            final.rename(old)
        partial.rename(final)
        sync_folder(self.path)
        _remove(old)

    def _tidy(self) -> None:
        """Undo a half-done exchange of `_install`, and drop partial files and folders."""
        for entry in list(self.path.glob(".*")):
            final = self.path / entry.name.removeprefix(".").removesuffix(_OLD)
            if entry.name.endswith(_OLD) and not os.path.lexists(final):
                entry.rename(final)
            elif entry.name.endswith((_OLD, PARTIAL)):
                _remove(entry)

    def _check(self) -> None:
        marker = self.path / MARKER
        if not marker.is_file():
            found = f"no {MARKER} marker" if self.path.is_dir() else "no such folder"
            raise UserError(str(self.path), found, "a build folder", "Give the folder that hwflow build made.")
        with marker.open(encoding="utf-8", errors="replace") as file:
            text = file.read(100).strip()
        if text != f"{_HEADER}{FORMAT}":
            found = f"the marker {text!r}"
            raise UserError(str(self.path), found, f"{_HEADER}{FORMAT}", "Build into a new folder.")


def _holder(lock: TextIO) -> str:
    lock.seek(0)
    return f"process {lock.read(20).strip() or 'unknown'}"


def _held(path: Path, lock: TextIO) -> UserError:
    found = f"a command that works in it ({_holder(lock)})"
    return UserError(str(path), found, "a folder that no other command uses", "Wait for it, or choose another folder.")


def _remove(path: Path) -> None:
    """Remove a file, a link (not what it points to) or a folder; nothing is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
