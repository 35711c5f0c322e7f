"""Files that are whole or not there: atomic writes, and the folder that a build lives in."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from hwflow.errors import UserError

MARKER = ".hwflow"
FORMAT = 1
_HEADER = "hwflow build folder, format "
_LOCK = ".hwflow.lock"
_PARTIAL, _OLD = ".partial", ".old"
_OWN = {MARKER, _LOCK}


def write_atomic(path: Path, content: bytes | str) -> Path:
    """Write ``path`` so that a reader, or a power cut, meets the old content or the new, never a part.

    Text is UTF-8. The parent folder must exist; a symbolic link at ``path`` is replaced, not followed.
    """
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class BuildFolder:
    """A folder that belongs to hwflow, which a marker file says.

    Guarantees: nothing is removed from a folder without the marker; a sub-folder made by `staging` is whole or not
    there; one `lock` at a time. A lock ends with its process, so an interrupted build can be started again.
    """

    def __init__(self, path: Path) -> None:
        """An existing build folder. Raises UserError for a folder without the marker, or with one of another format."""
        self.path = Path(path)
        self._check()

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
    def lock(self) -> Iterator[BuildFolder]:
        """Hold the folder for one build, and first tidy up what an interrupted one left.

        Raises UserError if another build, in this process or another, holds it.
        """
        with open(self.path / _LOCK, "a+", encoding="ascii", opener=_no_follow) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _held(self.path, file) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            self._tidy()
            yield self

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A fresh folder that takes the place of the sub-folder ``name`` when the body succeeds.

        If the body raises, the fresh folder goes and the old ``name`` stays. ``name`` is a plain file name.
        """
        if name != Path(name).name or not name or name.startswith("."):
            raise ValueError(f"staging: {name!r} is not a plain file name")
        partial, final = self.path / f".{name}{_PARTIAL}", self.path / name
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
        _sync_folder(self.path)
        _remove(old)

    def _tidy(self) -> None:
        """Undo a half-done exchange of `_install`, and drop partial files and folders."""
        for entry in list(self.path.glob(".*")):
            final = self.path / entry.name.removeprefix(".").removesuffix(_OLD)
            if entry.name.endswith(_OLD) and not os.path.lexists(final):
                entry.rename(final)
            elif entry.name.endswith((_OLD, _PARTIAL)):
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


def _held(path: Path, lock: TextIO) -> UserError:
    lock.seek(0)
    found = f"a build that is running in it (process {lock.read(20).strip() or 'unknown'})"
    return UserError(str(path), found, "a folder that no other build uses", "Wait for it, or choose another folder.")


def _no_follow(path: str, flags: int) -> int:
    """A build folder may come from a stranger: a link in place of the lock must not empty another file."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _remove(path: Path) -> None:
    """Remove a file, a link (not what it points to) or a folder; nothing is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    """Make a rename durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
