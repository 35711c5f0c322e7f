"""Outputs that stream in another order than the model file has them: tokens or pixels one by one, channels last.

Reshapes and Transposes between what a kernel puts out and an output of the model move nothing in the design: whoever
reads the port reads it in the order that the kernel has, as inputs are given already (``Graph.orders``).
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph, IntArray
from hwflow.passes.movement import PERMUTATIONS, in_order, trace


def movement_at_outputs(graph: Graph) -> set[str]:
    """What Reshapes and Transposes give that outputs alone need."""
    found: set[str] = set()
    for node in reversed(graph.nodes):
        readers = graph.consumers.get(node.output, ())
        needed = bool(readers) or node.output in graph.outputs
        if isinstance(node.op, PERMUTATIONS) and needed and all(r.output in found for r in readers):
            found.add(node.output)
    return found


def streamed(graph: Graph, output: str, stream: str, values: IntArray) -> IntArray:
    """Values (count, elements in the model file's order) of an output as its ``stream``, a tensor, has them."""
    positions = _positions(graph, output, stream)
    if positions is None:
        return values.reshape(-1, *graph.tensors[stream].shape)
    return values.reshape(len(values), -1)[:, np.argsort(positions)].reshape(-1, *graph.tensors[stream].shape)


def filed(graph: Graph, output: str, stream: str, values: IntArray) -> IntArray:
    """Values (count, elements in the order of the ``stream``) as the model file has the output."""
    positions = _positions(graph, output, stream)
    if positions is None:
        return values.reshape(-1, *graph.tensors[output].shape)
    return values.reshape(len(values), -1)[:, positions].reshape(-1, *graph.tensors[output].shape)


def _positions(graph: Graph, output: str, stream: str) -> IntArray | None:
    """Where each element of an output lies in its stream; None where it lies in order."""
    positions = trace(graph.producers, graph.tensors, output, (stream,))[1].ravel()
    return None if in_order(positions) else positions
