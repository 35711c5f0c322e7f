"""The grammar reaches everything that the importer knows, and the same seed gives the same model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hwflow.fuzz.case import draw_case
from hwflow.fuzz.faults import Fault, Refused, judge
from hwflow.fuzz.grammar import draw_model, written_ops
from hwflow.fuzz.software import load
from hwflow.onnx_import.handlers import HANDLERS
from hwflow.onnx_import.simplify import _IMAGE_RULES, _RULES

SEEDS = range(1000)


def test_every_handler_and_every_rule_has_a_production() -> None:
    missing = {*HANDLERS, *_RULES, *_IMAGE_RULES} - written_ops()
    assert not missing, f"no production of hwflow/fuzz/grammar writes {sorted(missing)}"


def test_every_op_of_the_grammar_is_drawn() -> None:
    drawn = Counter(node.op_type for seed in SEEDS for node in draw_model(seed)[1].graph.node)
    assert not written_ops() - set(drawn)


def test_a_seed_is_a_model() -> None:
    for seed in range(5):
        one, two = draw_case(seed), draw_case(seed)
        assert one.model == two.model
        assert all((one.inputs[name] == array).all() for name, array in two.inputs.items())


def test_most_models_are_taken(tmp_path: Path) -> None:
    """A grammar whose models are all refused would find nothing."""
    verdicts = Counter(_verdict(seed, tmp_path) for seed in range(40))
    assert verdicts[None] >= 20


def _verdict(seed: int, folder: Path) -> type[Fault] | type[Refused] | None:
    try:
        load(draw_case(seed), folder)
    except Exception as error:
        return type(judge("import", error))
    return None
