"""Files that are whole or not there, folders that belong to hwflow, and what of them a stranger may have made."""

from __future__ import annotations

from hwflow.files.atomic import sha256_file, write_atomic
from hwflow.files.folder import FORMAT, MARKER, BuildFolder
from hwflow.files.plain import check_plain, open_plain, open_regular
from hwflow.files.read import read_bytes, read_object, read_text

__all__ = [
    "FORMAT",
    "MARKER",
    "BuildFolder",
    "check_plain",
    "open_plain",
    "open_regular",
    "read_bytes",
    "read_object",
    "read_text",
    "sha256_file",
    "write_atomic",
]
