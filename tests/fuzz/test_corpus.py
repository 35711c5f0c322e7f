"""Faults of the past stay mended: each recipe of the corpus is refused as it must be, or right at every rung."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.fuzz.worker import Climber, Outcome
from tests.fuzz.corpus import attention, hardware, imports, near, ops, shapes
from tests.fuzz.corpus.entry import CORPUS, RIGHT, Entry

RECIPES = (attention, hardware, imports, near, ops, shapes)  # they fill the corpus


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All of them in one compilation."""
    climber = Climber(Path(tmp_path_factory.mktemp("corpus")), "rtl")
    climber.climb([each.case for each in CORPUS], [each.name for each in CORPUS], lambda _: None)
    return climber.outcomes


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry.name)
def test_what_must_happen(entry: Entry, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[entry.name]
    assert outcome.fault is None
    if entry.refused == RIGHT:
        assert (outcome.reached, outcome.refused) == ("rtl", "")
    else:
        assert entry.refused in outcome.refused
