"""Reading and writing a build record, under a seal: the SHA-256 of its own text, so that no edit of it goes unseen."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pydantic import ValidationError

from hwflow.errors import UserError
from hwflow.files import read_bytes, write_atomic
from hwflow.record.model import VERSION, BuildRecord

_MAX_BYTES = 64 << 20
_SEAL = re.compile(rb',\n "seal": "([0-9a-f]{64})"\n}\n\Z')
_VERSION = re.compile(rb'"version":\s*(\d{1,9})')


def save(record: BuildRecord, path: Path) -> Path:
    """Write the record as JSON, whole or not at all."""
    return write_atomic(path, seal(record.model_dump_json(indent=1)))


def seal(text: str) -> bytes:
    """A JSON object of several lines, with the SHA-256 of all before it as its last value."""
    body = text.removesuffix("\n}").encode()
    return body + f',\n "seal": "{hashlib.sha256(body).hexdigest()}"\n}}\n'.encode()


def load(path: Path) -> BuildRecord:
    """Read a record. Raises UserError if there is none, if it is damaged, edited, of another version or oversized."""
    raw = read_bytes(path, "a build record", "Run hwflow build first, or check the path.", _MAX_BYTES)
    version = _VERSION.search(raw, 0, 200)
    if version and int(version[1]) != VERSION:
        other = f"a build record of version {int(version[1])}"
        raise UserError(str(path), other, f"version {VERSION}, which this hwflow reads", "Run hwflow build again.")
    found = _SEAL.search(raw)
    text = raw[: found.start()] if found else b""
    try:
        record = BuildRecord.model_validate_json(text + b"\n}" if found else raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise _damaged(path, f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'the text'}") from error
    if found is None:
        raise _damaged(path, "no seal at its end")
    if hashlib.sha256(text).hexdigest() != found[1].decode():
        raise _damaged(path, "a text that was edited after hwflow wrote it")
    return record


def _damaged(path: Path, found: str) -> UserError:
    return UserError(str(path), found, f"a build record of version {VERSION}", "Run hwflow build again.")
