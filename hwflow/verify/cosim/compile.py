"""Runs compilers side by side: ``python compile.py JOBS COMMANDS.json``; prints what they say, fails if one does.

A program of its own, so that `hwflow.processes.run_tool` ends all of them together. Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def _run(command: list[str]) -> int:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    sys.stdout.write(done.stdout)
    if done.returncode:
        print(f"exit {done.returncode}: {' '.join(command)}")
    return done.returncode


def main(jobs: int, commands: list[list[str]]) -> int:
    """Exit code 0 if every command ended with 0."""
    with ThreadPoolExecutor(jobs) as pool:
        return int(any(list(pool.map(_run, commands))))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())))
