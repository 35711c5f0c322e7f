"""Where the elements of a moved tensor come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from hwflow.ir.graph import IntArray, Node, Tensor
from hwflow.ir.ops import Add, Clamp, Mul, Requantise, Reshape, Shift, Sub, Table, Transpose
from hwflow.ir.ops.base import MovementOp

ELEMENTWISE = (Add, Sub, Mul, Requantise, Shift, Clamp, Table)
PERMUTATIONS = (Reshape, Transpose)


def trace(
    producers: Mapping[str, Node], tensors: Mapping[str, Tensor], id: str, stop: Collection[str] = ()
) -> tuple[str, IntArray, tuple[Node, ...]]:
    """Follow Reshape and Transpose back from ``id``, at most to a tensor in ``stop``.

    Returns the tensor they start from, an array of the shape of ``id`` that holds the flat position of each of its
    elements in that tensor, and the movement nodes in order.
    """
    chain: list[Node] = []
    base = id
    while base not in stop and (node := producers.get(base)) is not None and isinstance(node.op, PERMUTATIONS):
        chain.append(node)
        base = node.inputs[0]
    chain.reverse()
    shape = tensors[base].shape
    positions = np.arange(int(np.prod(shape))).reshape(1, *shape)
    for node in chain:
        assert isinstance(node.op, MovementOp)
        positions = node.op.move([positions])
    return base, positions[0], tuple(chain)


def in_order(positions: IntArray) -> bool:
    """Whether the elements are all there in row-major order."""
    return bool(np.array_equal(positions.ravel(), np.arange(positions.size)))


def dynamic_inputs(node: Node, tensors: Mapping[str, Tensor]) -> list[str]:
    """The inputs of a node that are not constants."""
    return [i for i in node.inputs if not tensors[i].is_constant]
