"""Report files of other people's tools: bounded, and refused with one message when they are cut short or damaged."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from hwflow.errors import UserError

_MAX_BYTES = 64 << 20
_REMEDY = "It was cut short or changed; run the tool again."
_DECLARES = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def damaged(path: Path, found: str, expected: str) -> UserError:
    """The error for a report that does not say what it should."""
    return UserError(str(path), found, expected, _REMEDY)


def read_text(path: Path, kind: str) -> str:
    """The text of a report. Raises UserError if there is none, or if it is oversized or not text."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise damaged(path, error.strerror or "an error", kind) from error
    if len(raw) > _MAX_BYTES:
        raise damaged(path, f"over {_MAX_BYTES} bytes", kind)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise damaged(path, f"no UTF-8 text ({error.reason})", kind) from error


def read_xml(path: Path, kind: str) -> ET.Element:
    """The root of an XML report. One that declares a document type is refused: entities could make it explode."""
    text = read_text(path, kind)
    if _DECLARES.search(text):
        raise damaged(path, "a document type or entity declaration", kind)
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise damaged(path, f"no well-formed XML ({error})", kind) from error


def rows(text: str) -> list[list[str]]:
    """The cells of every table row ``| a | b |`` of a text report, stripped."""
    lines = (line.strip() for line in text.splitlines())
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if len(line) > 1 and line[0] == "|"]
