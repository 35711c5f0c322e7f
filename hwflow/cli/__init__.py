"""The command line. Importing it loads nothing else: commands import what they need when they run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hwflow.cli.interruption import catch_interruptions

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; ``argv`` defaults to that of the process. Returns the exit code."""
    catch_interruptions()
    try:
        from hwflow.cli.app import run

        return run(list(sys.argv[1:] if argv is None else argv) or ["--help"])
    except KeyboardInterrupt:
        print("hwflow: interrupted", file=sys.stderr)
        return INTERRUPTED


__all__ = ["main"]
