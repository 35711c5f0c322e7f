"""Results that outlive a build: folders named by the hash of all they depend on, in the user's cache folder."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hwflow.errors import UserError
from hwflow.files import sha256_file

MAX_BYTES = 4 << 30
CONTENTS = "contents.json"
_PARTIAL, _LOCK = "partial-", ".lock"
_YOUNG_S = 3600.0  # an entry that was used this recently may be in use now
_STALE_S = 86400.0  # a partial folder this old was left by a process that was killed


def cache_folder(name: str) -> Path:
    """``hwflow/<name>`` in XDG_CACHE_HOME, or else in ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "hwflow" / name


class Cache:
    """Folders by key. An entry is whole or not there, also with two processes at work, and never changes.

    A power cut, or another program, can damage one all the same: the hashes of its files are kept in it and compared.
    """

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES) -> None:
        """Raises UserError, which names the folder, if it cannot be made or written."""
        self.root, self.max_bytes = root, max_bytes
        try:
            root.mkdir(parents=True, exist_ok=True)
            with self.scratch():
                pass
        except OSError as error:
            expected = "a folder that can be written, for what is kept between runs"
            remedy = "Free it, or set XDG_CACHE_HOME to another one."
            raise UserError(f"cache folder {root}", error.strerror or "an error", expected, remedy) from error

    def get(self, key: str) -> Path | None:
        """The entry's folder, marked as used now; None if there is none, or a damaged one, which goes."""
        entry = self.root / key
        try:
            os.utime(entry)
        except FileNotFoundError:
            return None
        if _contents(entry) == _recorded(entry):
            return entry
        self.drop(key)
        return None

    def made(self, key: str, make: Callable[[Path], None]) -> Path:
        """The entry, which ``make`` fills if it is not there; a second process waits for the first."""
        with (self.root / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entry = self.get(key)
            if entry is None:
                with self.scratch() as folder:
                    make(folder)
                    entry = self.put(key, folder)
            return entry

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A fresh folder to make an entry in; it goes afterwards unless `put` took it."""
        folder = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, key: str, folder: Path) -> Path:
        """Make ``folder``, in a `scratch`, the entry; if another process was faster, its entry stays."""
        (folder / CONTENTS).write_text(json.dumps(_contents(folder)))
        with suppress(OSError):  # it exists and is not empty
            folder.rename(self.root / key)
        self._trim()
        return self.root / key

    def drop(self, key: str) -> None:
        """Remove a damaged entry."""
        with self.scratch() as folder, suppress(OSError):
            (self.root / key).rename(folder / key)  # gone at once, not file by file

    def _trim(self) -> None:
        """Remove what was not used for longest until the rest is within ``max_bytes``."""
        now = time.time()
        entries = sorted(((_used(e), e) for e in self.root.iterdir() if e.name != _LOCK), reverse=True)
        size = 0
        for used, entry in entries:
            size += _size(entry)
            partial = entry.name.startswith(_PARTIAL)
            if now - used > (_STALE_S if partial else _YOUNG_S) and (partial or size > self.max_bytes):
                shutil.rmtree(entry, ignore_errors=True) if partial else self.drop(entry.name)


def _contents(entry: Path) -> dict[str, str]:
    """SHA-256 by file."""
    files = (file for file in sorted(entry.rglob("*")) if file.is_file() and file != entry / CONTENTS)
    return {str(file.relative_to(entry)): sha256_file(file) for file in files}


def _recorded(entry: Path) -> object:
    try:
        return json.loads((entry / CONTENTS).read_bytes())
    except (OSError, ValueError):
        return None


def _used(entry: Path) -> float:
    with suppress(OSError):
        return entry.stat().st_mtime
    return 0.0


def _size(entry: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in entry.rglob("*"))
    return 0
