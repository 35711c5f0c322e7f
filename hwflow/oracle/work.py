"""What an inference costs: multiplications of products, elements of the rest, and something for each node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_NODE, _ELEMENT = 5000, 4


def work_of(node: Any, found: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> int:
    """Operations of one node that has run."""
    size = sum(array.size for array in found.values())
    return _NODE + size * max(_ELEMENT, _depth(node, values))


def _depth(node: Any, values: Mapping[str, np.ndarray]) -> int:
    """Multiplications for each element of a product."""
    if node.op_type in ("MatMul", "Gemm"):
        return int(values[node.input[0]].shape[-1])
    if node.op_type == "Conv":
        return int(np.prod(values[node.input[1]].shape[1:]))
    return 0
