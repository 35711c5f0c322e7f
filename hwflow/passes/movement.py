"""Where the elements of a moved tensor come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from hwflow.ir.graph import Graph, IntArray, Node, Tensor
from hwflow.ir.ops import Add, Clamp, Mul, Requantise, Reshape, Shift, Sub, Table, Transpose, Window
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


def image_ports(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The inputs that a kernel slides over, behind element-wise ops at most, with the Transpose on the way.

    It stays right behind the port, where it is the order in which the data come.
    """
    found: dict[str, tuple[int, ...]] = {}
    for node in graph.nodes:
        if isinstance(node.op, Window):
            perms, id = [], node.inputs[0]
            while (before := graph.producers.get(id)) is not None:
                dynamic = dynamic_inputs(before, graph.tensors)
                if len(dynamic) != 1 or not isinstance(before.op, (Transpose, Reshape, *ELEMENTWISE)):
                    break
                perms += [before.op.perm] if isinstance(before.op, Transpose) else []
                id = dynamic[0]
            if id in graph.inputs and len(perms) == 1 and len(perms[0]) == len(graph.tensors[id].shape):
                found.setdefault(id, perms[0])
    return found
