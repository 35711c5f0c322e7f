"""``python -m hwflow.corruption DIR``: the table of corruptions. Exit 2 if one of them goes unnoticed."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hwflow.corruption import CATALOGUE, Outcome, attack
from hwflow.design import Design
from hwflow.errors import HwflowError


def main(argv: Sequence[str] | None = None) -> int:
    """Attack a copy of a built design; it is verified first, and must hold."""
    parser = argparse.ArgumentParser(prog="python -m hwflow.corruption", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a build folder")
    parser.add_argument("--no-runs", action="store_true", help="without csim and cosim of what is corrupted")
    arguments = parser.parse_args(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
            return _table(_verified(arguments.folder, Path(name) / "design"), not arguments.no_runs)
    except HwflowError as error:
        print(f"hwflow: {error}", file=sys.stderr)
        return error.exit_code


def _verified(folder: Path, copy: Path) -> Path:
    design = Design.load(shutil.copytree(folder, copy))
    stages = {result.stage for result in design.record.results}
    if "csim" not in stages and design.has_hls:
        design.csim()
    if "cosim" not in stages and design.has_rtl:
        design.cosim()
    design.check()
    return copy


def _table(built: Path, runs: bool) -> int:
    outcomes: list[Outcome] = []
    print(f"{'corruption':52} {'with its hashes':16} {'sealed again':16} read back, csim, cosim")
    for each in attack(built, CATALOGUE, runs):
        outcomes.append(each)
        print(f"{each.corruption.name:52} {each.hashed:16} {each.sealed:16} {each.run}", flush=True)
    holes = [each.corruption.name for each in outcomes if each.hole]
    print(f"{len(outcomes)} corruptions, {len(holes)} unnoticed{': ' if holes else ''}{'; '.join(holes)}")
    return 2 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
