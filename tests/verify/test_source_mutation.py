"""Mutants of Python source: each is one change of the code, and no place means no change."""

from __future__ import annotations

import ast
from pathlib import Path

from hwflow.verify.source_mutation import SourceMutant, list_mutants, mutated

SOURCE = """
def f(a: int, b: int) -> int:
    check(a, b)
    found = [max(a, b), "text"]
    if not a < b and a != 3:
        raise ValueError(f"{a + 1}")
    return -a if b else a - b
"""


def test_every_mutant_is_one_change_of_what_has_an_effect(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(SOURCE)
    mutants = list_mutants([file], 100)
    texts = {ast.unparse(mutated(mutant)) for mutant in mutants}
    assert len(texts) == len(mutants) and ast.unparse(ast.parse(SOURCE)) not in texts
    assert sorted(mutant.change for mutant in mutants) == [
        "3 -> 4", "And -> Or", "Lt -> LtE", "NotEq -> Eq", "Sub -> Add", "arguments swapped", "branches swapped",
        "call removed", "without Not", "without USub",
    ]  # fmt: skip


def test_nothing_is_changed_at_no_place(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(SOURCE)
    assert ast.unparse(mutated(SourceMutant(file, -1, 0, ""))) == ast.unparse(ast.parse(SOURCE))
