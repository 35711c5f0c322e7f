"""The command line. Importing it loads no numerical package: commands import theirs when they run."""

from __future__ import annotations

from hwflow.cli.app import main

__all__ = ["main"]
