"""Reading and writing a build record."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.record.model import BuildRecord

_MAX_BYTES = 64 << 20


def save(record: BuildRecord, path: Path) -> Path:
    """Write the record as JSON, whole or not at all."""
    return write_atomic(path, record.model_dump_json(indent=1) + "\n")


def load(path: Path) -> BuildRecord:
    """Read a record. Raises UserError if there is none, or if it is damaged, of another version or oversized."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        found = error.strerror or "an error"
        raise UserError(str(path), found, "a build record", "Run hwflow build first, or check the path.") from error
    if len(raw) > _MAX_BYTES:
        raise UserError(str(path), f"over {_MAX_BYTES} bytes", "a build record", "Run hwflow build again.")
    try:
        return BuildRecord.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        found = f"{first['msg']} at {where}"
        raise UserError(str(path), found, "a build record of version 1", "Run hwflow build again.") from error
