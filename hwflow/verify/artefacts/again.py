"""Writes a folder again and compares it, byte by byte, with the one that is there."""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


def differing(
    folder: Path, write: Callable[[Path], object], others: Collection[str] = (), except_for: Collection[str] = ()
) -> list[str]:
    """Files, by their paths from ``folder``, that are missing or other than what ``write`` makes in an empty folder.

    Args:
        others: files of the folder that must be among those that are written.
        except_for: files that a later step writes anew.
    """
    with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
        fresh = Path(name)
        write(fresh)
        files = [*_files(fresh), *(file for file in others if not (fresh / file).exists())]
        return [file for file in files if file not in except_for and not _same(folder / file, fresh / file)]


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())


def _same(found: Path, expected: Path) -> bool:
    plain = expected.is_file() and found.is_file() and not found.is_symlink()
    return plain and filecmp.cmp(found, expected, shallow=False)
