"""Plain files: what of a stranger's folder may be read and written.

A link makes hwflow, or a compiler that it starts, read or write somewhere else; a named pipe makes them wait for ever.
Compilers open files by name, so that it is the folder that is checked, before anything of it is used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hwflow.errors import UserError

_COPY = "Remove it; or, if you trust the folder, copy it with cp -rL and use the copy."


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """A handle of a plain file with one name; ``flags`` as of `os.open`. It never waits for a named pipe.

    Raises UserError for a link of either kind, a folder, pipe or device; OSError as `os.open`.
    """
    if path.is_symlink():
        raise _refused(path, "a link")
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if odd := _oddity(os.fstat(handle)):
        os.close(handle)
        raise _refused(path, odd)
    return handle


def open_regular(path: Path) -> int:
    """A handle, for reading, of a file that the user named: links are fine; a pipe would be waited for.

    Raises UserError for a folder, pipe or device; OSError as `os.open`.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    found = "a folder" if path.is_dir() else "a pipe, socket or device"
    raise UserError(str(path), found, "a file", "Check the path.")


def check_plain(folder: Path) -> None:
    """Raise UserError for the first entry below ``folder``, at any depth, that is no plain file or folder.

    ``folder`` itself may be reached by a link. What goes meanwhile is no matter: another process may be at work.
    """
    for entry in _entries(folder):
        try:
            odd = _oddity(entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            continue
        if odd and not entry.is_dir(follow_symlinks=False):
            raise _refused(Path(entry.path), odd)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except FileNotFoundError:
            continue


def _oddity(status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    if not stat.S_ISREG(status.st_mode):
        return "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    return f"a file with {status.st_nlink} names (hard links)" if status.st_nlink > 1 else None


def _refused(path: Path, found: str) -> UserError:
    return UserError(str(path), found, "a plain file, as hwflow writes them", _COPY)
