"""Mutants of the importer, the passes and the integer graph: how many the fuzzer and the quick tests catch.

    python benchmarks/bench_mutants.py [--count 80] [--graphs 300] [--seed 1] [--jobs 1] [--no-tests]

Each mutant is first met by random models, up to the reference and the oracle, then by the tests of the folders, those
of its own folder first, until one notices. A mutant that takes other models than hwflow does, or refuses others, is
only noticed by a test. Before that the same checks must pass on the code as it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from common import print_table

from hwflow.verify.source_mutation import SourceMutant, list_mutants

ROOT = Path(__file__).parents[1]
FOLDERS = ("onnx_import", "passes", "ir")
TESTS = ("tests/onnx_import", "tests/passes", "tests/ir", "tests/kernels", "tests/security", "tests/oracle")
LIMIT_S = 1200.0
NOWHERE = -1  # a place that no node has: nothing is changed


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


def checks(mutant: SourceMutant, graphs: int, with_tests: bool) -> list[tuple[str, str]]:
    """What a mutant must pass to survive, the nearest first."""
    near = sorted(TESTS, key=lambda tests: Path(tests).name not in mutant.file.parts)
    return [("fuzz", str(graphs)), *(("pytest", tests) for tests in near if with_tests)]


def noticed(mutant: SourceMutant, chosen: Sequence[tuple[str, str]]) -> str:
    """The first check that notices the mutant; empty if none does."""
    return next((kind if kind == "fuzz" else what for kind, what in chosen if run(mutant, kind, what)), "")


def judge(mutants: Sequence[SourceMutant], graphs: int, with_tests: bool, jobs: int) -> dict[SourceMutant, str]:
    """What notices each mutant, printed as it is known."""
    began, verdicts = time.monotonic(), dict[SourceMutant, str]()
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(noticed, m, checks(m, graphs, with_tests)): m for m in mutants}
        for done in as_completed(running):
            mutant = running[done]
            verdicts[mutant] = done.result()
            progress = f"{len(verdicts)}/{len(mutants)}, {time.monotonic() - began:.0f} s"
            print(f"{progress}: {mutant}: {verdicts[mutant] or 'not caught'}", flush=True)
    return verdicts


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--graphs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--no-tests", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Print the table; 1 if fewer than 95 % are caught, or if the code as it is does not pass."""
    given = parse()
    files = [
        f for folder in FOLDERS for f in sorted((ROOT / "hwflow" / folder).rglob("*.py")) if "near_exact" not in f.parts
    ]
    unchanged = SourceMutant(files[0], NOWHERE, 0, "unchanged")
    if by := noticed(unchanged, checks(unchanged, given.graphs, not given.no_tests)):
        print(f"The code as it is fails: {by}. A mutant proves nothing until that passes.")
        return 1
    verdicts = judge(list_mutants(files, given.count, given.seed), given.graphs, not given.no_tests, given.jobs)
    caught = Counter(by or "nothing" for by in verdicts.values())
    share = 1 - caught["nothing"] / len(verdicts)
    rows = [[by, count] for by, count in caught.most_common() if count]
    print_table("Mutants", ["caught by", "mutants"], [*rows, ["share caught", f"{share:.1%}"]])
    return int(share < 0.95)


if __name__ == "__main__":
    sys.exit(main())
