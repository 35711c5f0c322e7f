"""Ops that can make much of little: refused before they ask for memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.limits import Limits

Given = Sequence[np.ndarray | None]


def check_growth(node: Any, given: Given, limits: Limits) -> None:
    """UserError, which names the node, when its output has more elements than a tensor may have."""
    size = _SIZES[node.op_type](node, given) if node.op_type in _SIZES else 0
    if size > limits.elements:
        raise UserError(label(node), f"{size:.3g} elements", f"at most {limits.elements}", "Use a smaller model.")


def label(node: Any) -> str:
    """A node in the user's words."""
    return f"node {node.onnx_node.name or ', '.join(node.output)!r} ({node.op_type})"


def _array(given: Given, index: int) -> np.ndarray | None:
    return given[index] if index < len(given) else None


def _product(array: np.ndarray | None) -> int:
    return math.prod(int(n) for n in array.ravel()) if array is not None else 0


def _broadcast(_: Any, given: Given) -> int:
    try:
        return math.prod(np.broadcast_shapes(*(array.shape for array in given if array is not None)))
    except ValueError:
        return 0  # the op itself says what does not fit


def _matmul(_: Any, given: Given) -> int:
    a, b = given[0], given[1]
    if a is None or b is None:
        return 0
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return math.prod(batch) * (a.shape[-2] if a.ndim > 1 else 1) * (b.shape[-1] if b.ndim > 1 else 1)


def _pad(node: Any, given: Given) -> int:
    data, pads = given[0], _array(given, 1)
    amounts = [int(n) for n in (pads.ravel() if pads is not None else getattr(node, "pads", None) or ())]
    axes = _array(given, 3)
    if data is None:
        return 0
    if axes is not None or len(amounts) != 2 * data.ndim:
        return data.size + sum(map(abs, amounts)) * data.size
    half = len(amounts) // 2
    return math.prod(n + max(0, a) + max(0, b) for n, a, b in zip(data.shape, amounts, amounts[half:], strict=False))


def _tile(_: Any, given: Given) -> int:
    return (given[0].size if given[0] is not None else 0) * _product(_array(given, 1))


def _range(_: Any, given: Given) -> int:
    start, limit, delta = (float(a) if a is not None else 0.0 for a in given)
    return int(max(0.0, (limit - start) / delta)) if delta else 0


def _expand(_: Any, given: Given) -> int:
    data, shape = given[0], given[1]
    return math.prod(np.broadcast_shapes(data.shape, tuple(map(int, shape)))) if data is not None else 0  # type: ignore[arg-type]


_ELEMENTWISE = (
    *("Add", "Sub", "Mul", "Div", "Mod", "Pow", "Min", "Max", "Sum", "Mean", "Where", "PRelu", "And", "Or", "Xor"),
    *("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Quant", "IntQuant", "BipolarQuant", "Trunc"),
)
_SIZES = {
    **dict.fromkeys(_ELEMENTWISE, _broadcast),
    "ConstantOfShape": lambda _, given: _product(given[0]),
    "Expand": _expand,
    "MatMul": _matmul,
    "Pad": _pad,
    "Range": _range,
    "Tile": _tile,
}
