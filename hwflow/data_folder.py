"""Finds the data that ships with the package: templates and boards."""

from __future__ import annotations

from pathlib import Path


def data_folder(name: str) -> Path:
    """``hwflow/_data/<name>`` of an installed package, else ``<name>`` at the root of a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name
