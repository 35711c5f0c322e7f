"""Real functions between two quantisers, alone and in chains, with constants and with the same value twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwflow.fuzz.draft import Draft, Value
from hwflow.fuzz.grammar.rules import production
from hwflow.fuzz.quantisers import draw_grid, quantise
from hwflow.onnx_import.handlers.unary import FUNCTIONS

SINCE = {"Gelu": 20, "Mish": 18, "HardSwish": 14, "Celu": 12, "Swish": 24}
_ATTRIBUTES = {
    "Elu": ("alpha", 0.2, 2.0), "LeakyRelu": ("alpha", 0.01, 0.5), "Celu": ("alpha", 0.2, 2.0),
    "ThresholdedRelu": ("alpha", 0.2, 1.5), "HardSigmoid": ("alpha", 0.1, 0.4),
}  # fmt: skip
_POSITIVE = ("Log", "Sqrt", "Reciprocal")
_MAX_BITS = 11  # of a source: a table of so many addresses takes a moment
_OUT_SIZE = {"Exp": 3.0, "Sigmoid": 0.7, "Tanh": 1.0, "Erf": 1.0, "Sin": 1.0, "Cos": 1.0, "Sign": 1.0, "Softsign": 0.8}


def narrow(value: Value) -> bool:
    """Whether a table of it is small."""
    return value.bits is not None and value.bits <= _MAX_BITS


@production(*FUNCTIONS, weight=5)
def function(draft: Draft) -> bool:
    """A chain of one to three functions, quantised."""
    x = draft.pick(narrow)
    if x is None:
        return False
    value, name = x, draft.use(x)
    for _ in range(draft.choose([1, 1, 1, 2, 3])):
        value = _link(draft, value, name, x)
        name = value.name
    if draft.chance(0.2):
        value = Value(draft.node("Mul", name, x.name), x.shape, None, None, value.size * x.size)
    if draft.chance(0.04):  # what waits for its quantiser, to be refused by name where it stands
        draft.add(Value(value.name, x.shape, None, None, 0.0))
        return True
    bits = draft.between(2, 10) if draft.chance(0.9) else None
    draft.add(quantise(draft, value, grid=draw_grid(draft, value.size, value.signed, x.shape, bits)))
    return True


def _link(draft: Draft, value: Value, name: str, x: Value) -> Value:
    """One more function, or a constant that is added or multiplied."""
    if draft.chance(0.15):
        op = draft.choose(["Add", "Mul", "Sub", "Div", "Pow", "Max", "Min"])
        number = draft.choose([0.5, 1.5, 2.0, 3.0]) if op == "Pow" else float(np.float32(draft.rng.uniform(0.1, 2.0)))
        operands = [name, draft.const(number)]
        swapped = op in ("Sub", "Div", "Add", "Mul") and draft.chance(0.3)
        y = draft.node(op, *(operands[::-1] if swapped else operands))
        return Value(y, x.shape, None, None, max(value.size, 1.0), op not in ("Pow", "Max") and value.signed)
    op = draft.choose([f for f in FUNCTIONS if SINCE.get(f, 1) <= draft.opset])
    if op in _POSITIVE and draft.chance(0.8):
        name = _positive(draft, name, value.size)
    given = dict[str, Any]()
    if op in _ATTRIBUTES and draft.chance(0.7):
        attribute, lo, hi = _ATTRIBUTES[op]
        given = {attribute: float(draft.rng.uniform(lo, hi))}
    if op == "Gelu" and draft.chance(0.5):
        given = {"approximate": "tanh"}
    return Value(
        draft.node(op, name, **given), x.shape, None, None, _size(op, value.size), op not in ("Exp", "Sqrt", "Abs")
    )


def _positive(draft: Draft, name: str, size: float) -> str:
    """|x| + c, or x not below c: where the function is defined."""
    offset = draft.const(float(np.float32(2.0 ** np.round(np.log2(max(size, 2.0**-8) / 16)))))
    if draft.chance(0.5):
        return draft.node("Max", name, offset)
    return draft.node("Add", draft.node("Abs", name), offset)


def _size(op: str, size: float) -> float:
    if op == "Exp":
        return float(np.exp(min(size, 4.0)))
    return _OUT_SIZE.get(op, max(size, 0.25))
