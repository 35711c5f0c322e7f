"""Mutants of the importer, the passes and the integer graph: how many the fuzzer and the quick tests catch.

    python benchmarks/bench_mutants.py [--count 80] [--graphs 300] [--seed 1] [--no-tests]

Each mutant is first met by random models, up to the reference and the oracle, then by the tests of the folders, until
one notices. A mutant that takes other models than hwflow does, or refuses others, is only noticed by a test.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from common import print_table

from hwflow.verify.source_mutation import SourceMutant, list_mutants

ROOT = Path(__file__).parents[1]
FOLDERS = ("onnx_import", "passes", "ir")
TESTS = ("tests/onnx_import", "tests/passes", "tests/ir", "tests/kernels", "tests/security", "tests/oracle")
LIMIT_S = 1200.0


def run(mutant: SourceMutant, *arguments: str) -> bool:
    """Whether the child, in which the mutant is active, notices it."""
    chosen = f"{mutant.file}|{mutant.place}"
    command = [sys.executable, str(ROOT / "tests" / "mutants" / "child.py"), chosen, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return True  # it hangs
    return done.returncode != 0


def main() -> int:
    """Print the table; 1 if fewer than 95 % are caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--graphs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-tests", action="store_true")
    given = parser.parse_args()
    files = [
        f for folder in FOLDERS for f in sorted((ROOT / "hwflow" / folder).rglob("*.py")) if "near_exact" not in f.parts
    ]
    caught, survivors = Counter[str](), list[SourceMutant]()
    mutants = list_mutants(files, given.count, given.seed)
    for number, mutant in enumerate(mutants, 1):
        began = time.monotonic()
        by = "fuzz" if run(mutant, "fuzz", str(given.graphs)) else ""
        if not by and not given.no_tests:
            by = next((tests for tests in TESTS if run(mutant, "pytest", tests)), "")
        caught[by or "nothing"] += 1
        survivors += [] if by else [mutant]
        print(f"{number}/{len(mutants)} {mutant}: {by or 'not caught'} ({time.monotonic() - began:.0f} s)", flush=True)
    rows = [[by, count] for by, count in caught.most_common()]
    share = 1 - len(survivors) / len(mutants)
    print_table("Mutants", ["caught by", "mutants"], [*rows, ["share caught", f"{share:.1%}"]])
    return int(share < 0.95)


if __name__ == "__main__":
    sys.exit(main())
