"""In what type an op is computed, and what type its result has.

float64 throughout; then the result is rounded to the type that the file gives it, which for floats is that of the first
float operand. What is ``wide`` is not rounded: it stays in float64, also where it is only moved or renamed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from onnx.helper import tensor_dtype_to_np_dtype

_STEPWISE = frozenset(
    ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant", "QuantizeLinear", "DynamicQuantizeLinear")
)
"""Ops that are several by their definition, each rounded: they are computed in the type of their operands."""
_MOVES = frozenset(
    (
        *("Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Tile", "Pad"),
        *("Slice", "Split", "Concat", "Gather", "GatherElements", "GatherND", "DepthToSpace", "SpaceToDepth", "Where"),
    )
)
"""Ops that compute nothing."""
_TYPED = frozenset(("Cast", "CastLike", "Constant", "ConstantOfShape", "EyeLike", "Range", "Shape"))
"""Ops whose result has a type of its own."""


def with_sources(nodes: Sequence[Any], wide: Collection[str]) -> frozenset[str]:
    """``wide``, and what these values were called before: an importer may know a value by its last name only."""
    found = set(wide)
    for node in reversed(nodes):
        if node.op_type in ("Identity", "Dropout", "Cast") and node.output[0] in found:
            found.add(node.input[0])
    return frozenset(found)


def renames(node: Any, type: np.dtype[Any] | None) -> bool:
    """Whether the node is a Cast to the type that the file gives its operand: exact, also of what is wide."""
    return node.op_type == "Cast" and tensor_dtype_to_np_dtype(node.to) == type


def operands(node: Any, given: Sequence[np.ndarray | None], wide: Collection[str]) -> list[np.ndarray | None]:
    """What the op is computed on; optional operands at the end that are not given are left out."""
    exact = node.op_type in _STEPWISE and not any(name in wide for name in node.output)
    as_given = exact or node.op_type in _MOVES or node.op_type in _TYPED
    found = list(given) if as_given else [_double(array) for array in given]
    while found and found[-1] is None:
        found.pop()
    return found


def result_type(node: Any, operand_types: Sequence[np.dtype[Any]], result: np.ndarray) -> np.dtype[Any]:
    """The type that the file gives a result."""
    floats = [type for type in operand_types if type.kind == "f"]
    own = not floats or result.dtype.kind != "f" or node.op_type in _TYPED
    return result.dtype if own else floats[0]


def rounded(node: Any, name: str, result: np.ndarray, type: np.dtype[Any], wide: Collection[str]) -> np.ndarray:
    """The result in its type, unless it is wide."""
    keep = result.dtype.kind != "f" or name in wide or node.op_type in _MOVES
    return result if keep else result.astype(type, copy=False)


def _double(array: np.ndarray | None) -> np.ndarray | None:
    return array if array is None or array.dtype.kind != "f" else array.astype(np.float64)
