"""Reading files that a stranger may have made: plain, of bounded size, UTF-8, JSON of bounded depth."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hwflow.errors import UserError
from hwflow.files.plain import open_plain, open_regular
from hwflow.limits import LIMITS

_AGAIN = "Build it again."


def read_bytes(
    path: Path, kind: str, remedy: str = _AGAIN, max_bytes: int = LIMITS.text_bytes, named: bool = False
) -> bytes:
    """The content of a file of a build folder, or of one that the user ``named``, which a link may lead to.

    UserError says that it is no readable ``kind``, such as "a schedule".
    """
    try:
        with os.fdopen((open_regular if named else open_plain)(path), "rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UserError(str(path), error.strerror or "no readable file", kind, remedy) from error
    if len(data) > max_bytes:
        raise UserError(str(path), f"over {max_bytes} bytes", f"{kind} of at most {max_bytes} bytes", remedy)
    return data


def read_text(
    path: Path, kind: str, remedy: str = _AGAIN, max_bytes: int = LIMITS.text_bytes, named: bool = False
) -> str:
    """As `read_bytes`, in UTF-8."""
    try:
        return read_bytes(path, kind, remedy, max_bytes, named).decode()
    except UnicodeDecodeError as error:
        raise UserError(str(path), f"bytes that are not UTF-8 ({error.reason})", kind, remedy) from error


def read_object(path: Path, kind: str, remedy: str = _AGAIN) -> dict[str, Any]:
    """A JSON object, as `read_text`."""
    try:
        document = json.loads(read_text(path, kind, remedy))
    except (ValueError, RecursionError) as error:  # no JSON, or a number of thousands of digits; nested too deep
        raise UserError(str(path), f"no readable JSON ({error})", kind, remedy) from error
    if not isinstance(document, dict):
        raise UserError(str(path), f"JSON of type {type(document).__name__}, no object", kind, remedy)
    return document
