"""Runs one check with one mutant active: ``child.py FILE|PLACE fuzz GRAPHS``, or ``pytest FOLDER``.

The mutated module is put in the place of the file's when it is imported. Exit code 0: nothing was noticed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import CodeType

from hwflow.verify.source_mutation import SourceMutant, mutated


class _Loader(importlib.machinery.SourceFileLoader):
    mutant: SourceMutant

    def get_code(self, fullname: str) -> CodeType | None:
        if Path(self.path) != self.mutant.file:
            return super().get_code(fullname)
        return compile(mutated(self.mutant), self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.origin and Path(spec.origin) == _Loader.mutant.file:
            spec.loader = _Loader(name, spec.origin)
            return spec
        return None


def _fuzz(graphs: int) -> int:
    from hwflow.fuzz.case import draw_case
    from hwflow.fuzz.worker import Climber

    with tempfile.TemporaryDirectory() as folder:
        taken = 0
        for seed in range(graphs):
            climber = Climber(Path(folder), "reference")
            climber.climb([lambda seed=seed: draw_case(seed)], ["case"], lambda _: None)
            outcome = climber.outcomes["case"]
            taken += not outcome.refused
            if outcome.fault or (seed == 39 and taken < 20):  # a test of the grammar asks for as many
                return 1
    return 0


def main(chosen: str, check: str, argument: str) -> int:
    file, _, place = chosen.rpartition("|")
    _Loader.mutant = SourceMutant(Path(file), int(place), 0, "")
    sys.meta_path.insert(0, _Finder())
    if check == "fuzz":
        return _fuzz(int(argument))
    import pytest

    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", argument]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
