"""Writing so that a reader meets the old content or the new, never a part."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

PARTIAL = ".partial"


def write_atomic(path: Path, content: bytes | str) -> Path:
    """Write ``path`` so that a reader, or a power cut, meets the old content or the new, never a part.

    Text is UTF-8. The parent folder must exist; a symbolic link at ``path`` is replaced, not followed.
    """
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)
    return path


def sync_folder(path: Path) -> None:
    """Make a rename durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
