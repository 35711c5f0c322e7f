"""Outputs that stream in another order than the model file has them: tokens or pixels one by one, channels last.

Reshapes and Transposes between what a kernel puts out and an output of the model move nothing in the design: whoever
reads the port reads it in the order that the kernel has, as inputs are given already (``Graph.orders``).
"""

from __future__ import annotations

import numpy as np

from hwflow.errors import UserError
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


def check_state(graph: Graph, output: str, stream: str, state: str) -> None:
    """What leaves as a state goes back as it is. Raises UserError where input ``state`` has other beats or order."""
    given, taken = graph.tensors[stream], graph.tensors[state]
    positions = _positions(graph, output, stream)
    leaving = np.arange(given.size) if positions is None else np.argsort(positions)
    order = graph.orders.get(state, tuple(range(len(taken.shape))))
    arriving = np.arange(taken.size).reshape(graph.file_shape(state)).transpose(order).ravel()
    if given.shape[-1:] != taken.shape[-1:] or not np.array_equal(leaving, arriving):
        subject = f"state {graph.names.get(output, output)!r} -> {graph.names.get(state, state)!r}"
        found = f"it leaves as {list(given.shape)} in an order other than the {list(taken.shape)} that it is read in"
        raise UserError(subject, found, "the same tokens in the same order", "Put the Transpose inside the next chunk.")


def _positions(graph: Graph, output: str, stream: str) -> IntArray | None:
    """Where each element of an output lies in its stream; None where it lies in order."""
    positions = trace(graph.producers, graph.tensors, output, (stream,))[1].ravel()
    return None if in_order(positions) else positions
