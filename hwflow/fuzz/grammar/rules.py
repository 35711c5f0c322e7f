"""Productions of the grammar: each adds some nodes to a draft, or says that nothing in it fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hwflow.fuzz.draft import Draft

Apply = Callable[[Draft], bool]


@dataclass(frozen=True, slots=True)
class Production:
    """``ops``: those of ONNX that it can write, by the names under which the importer has a handler or a rule.

    ``is_float``: only near-exact mode takes what it writes.
    """

    ops: tuple[str, ...]
    apply: Apply
    weight: float = 1.0
    is_float: bool = False


PRODUCTIONS: list[Production] = []


def production(*ops: str, weight: float = 1.0, is_float: bool = False) -> Callable[[Apply], Apply]:
    """Make a function a production."""

    def register(apply: Apply) -> Apply:
        PRODUCTIONS.append(Production(ops, apply, weight, is_float))
        return apply

    return register
