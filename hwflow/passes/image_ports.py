"""Finds the inputs that are images: those that the first op with kernels reads in another order of axes."""

from __future__ import annotations

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import Concat, Reshape, Slice, Transpose, Window
from hwflow.passes.movement import ELEMENTWISE, dynamic_inputs

Order = tuple[int, ...]

_CHANNELS_LAST = (1, 2, 0)


def image_ports(graph: Graph) -> dict[str, Order]:
    """By input the order of axes in which it is first read, at most element-wise ops, slices and joins in between.

    What counts is a Window, an image (C, H, W) that becomes (H, W, C), or a sequence (C, T) that becomes (T, 1, C). A
    matrix that is merely transposed keeps its order: its rows may well be tokens.
    """
    found: dict[str, Order] = {}
    origin: dict[str, tuple[str, Order | None]] = {id: (id, None) for id in graph.inputs}
    for node in graph.nodes:
        sources = {origin.get(i) for i in dynamic_inputs(node, graph.tensors)}
        source = sources.pop() if len(sources) == 1 else None
        if source is None:
            continue
        port, order = source
        if order is not None and _is_image(graph, node):
            found.setdefault(port, order)
        elif isinstance(node.op, Transpose) and order is None:
            origin[node.output] = port, node.op.perm
            if node.op.perm == _CHANNELS_LAST:
                found.setdefault(port, node.op.perm)
        elif isinstance(node.op, (*ELEMENTWISE, Slice, Concat)):
            origin[node.output] = source
    return found


def _is_image(graph: Graph, node: Node) -> bool:
    """A Window, or the sequence (T, C) as an image of one column."""
    shape = graph.tensors[node.inputs[0]].shape
    column = isinstance(node.op, Reshape) and len(shape) == 2 and node.op.target == (shape[0], 1, shape[1])
    return isinstance(node.op, Window) or column
