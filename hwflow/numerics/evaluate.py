"""``evaluate``: one element-wise ONNX operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hwflow.numerics import basic
from hwflow.numerics.definitions import FORMULAS, PRIMITIVE
from hwflow.numerics.rounding import Floats, expression, function


class Undefined(ValueError):
    """The operator has no definition here. Its text is a sentence about it."""


def is_defined(op_type: str) -> bool:
    """Whether `evaluate` knows an operator of ONNX."""
    return op_type in basic.NAMES or takes_time(op_type)


def takes_time(op_type: str) -> bool:
    """Whether an operator is computed number by number, about a million in a second."""
    return op_type in PRIMITIVE or op_type in FORMULAS


def evaluate(
    op_type: str,
    operands: Sequence[NDArray[Any] | None],
    dtype: type[np.floating] | np.dtype = np.float32,
    attributes: Mapping[str, float | str] | None = None,
    opset: int = 17,
) -> Floats:
    """The operator's real result, rounded once to ``dtype`` (float16, float32 or float64).

    Args:
        operands: arrays that broadcast, taken as the exact numbers that they hold; None where one is left out.
        attributes: those that the node has; the others are ONNX's defaults at ``opset``.

    Raises:
        Undefined: for an operator that `is_defined` does not know.
    """
    dtype, floats = np.dtype(dtype), [None if x is None else _float(x) for x in operands]
    if op_type in basic.NAMES:
        return basic.basic(op_type, floats, dtype)
    numbers = [x for x in floats if x is not None]
    if op_type in PRIMITIVE:
        return function(PRIMITIVE[op_type], numbers, dtype)
    if op_type not in FORMULAS:
        raise Undefined(f"{op_type} has no definition that is the same on every processor")
    formula, names = FORMULAS[op_type]
    options = {name: _attribute(op_type, name, attributes or {}, opset) for name in names}
    return expression(partial(formula, **options), numbers, dtype)


def _float(x: NDArray[Any]) -> Floats:
    return x if x.dtype in (np.float16, np.float32, np.float64) else x.astype(np.float64)


def _attribute(op_type: str, name: str, given: Mapping[str, float | str], opset: int) -> float | str:
    if name in given:
        return given[name]
    default = onnx.defs.get_schema(op_type, opset).attributes[name].default_value
    value: float | str = onnx.helper.get_attribute_value(default)
    return value.decode() if isinstance(value, bytes) else value
