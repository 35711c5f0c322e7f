"""The library modules: which of them use which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_INSTANCE = re.compile(r"^\s*(hwflow_\w+) (?:#\(|\w+ \()", re.MULTILINE)


def closure(modules: Iterable[str], library: Path) -> list[str]:
    """The modules and all that they instantiate, by name."""
    found: set[str] = set()
    frontier = list(modules)
    while frontier:
        name = frontier.pop()
        if name not in found:
            found.add(name)
            frontier += _INSTANCE.findall((library / f"{name}.sv").read_text())
    return sorted(found)
