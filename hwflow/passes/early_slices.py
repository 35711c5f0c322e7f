"""Moves slices in front of movement, so that they meet the product they cut (q, k and v of one packed projection).

Rules:
 1. ``slice(transpose(x))`` becomes ``transpose(slice(x))``.
 2. ``slice(reshape(x))`` becomes ``reshape(slice(x))`` where the reshape splits the last axis of x and the slice takes
    whole parts of it: (T, 3 * H * d) to (T, 3, H, d), as vision transformers write q, k and v.
"""

from __future__ import annotations

import math

from hwflow.ir.graph import Graph, Node, Op
from hwflow.ir.ops import Reshape, Slice, Transpose
from hwflow.passes.editor import Editor


def early_slices(graph: Graph) -> Graph:
    """Apply the rules to every slice until none fits."""
    editor = Editor(graph)
    for node in graph.nodes:
        if isinstance(node.op, Slice):
            _emit(editor, node.op, node.inputs[0], node.output)
        else:
            editor.add(node.op, node.inputs, node.output)
    return editor.build()


def _emit(editor: Editor, cut: Slice, id: str, output: str) -> None:
    """Compute the slice of tensor ``id`` as ``output``."""
    before = editor.producers.get(id)
    swapped = None if before is None else _swapped(editor, cut, before)
    if before is None or swapped is None:
        editor.add(cut, (id,), output)
        return
    first, then = swapped
    source = editor.tensors[before.inputs[0]]
    inner = editor.tensor(first.shape([source]), source.type)
    _emit(editor, first, source.id, inner)
    editor.add(then, (inner,), output)


def _swapped(editor: Editor, cut: Slice, before: Node) -> tuple[Slice, Op] | None:
    """A slice and the movement behind it that do the same as the movement ``before`` and the slice behind it."""
    source, op = editor.tensors[before.inputs[0]].shape, before.op
    if isinstance(op, Transpose):
        rank = len(op.perm)
        return Slice(op.perm[cut.axis % rank] - rank, cut.start, cut.stop, cut.step), op
    if not isinstance(op, Reshape) or cut.step != 1:
        return None
    lead = len(source) - 1
    if op.target[:lead] != source[:-1] or cut.axis % len(op.target) != lead or len(op.target) == lead + 1:
        return None
    width = math.prod(op.target[lead + 1 :])
    target = (*op.target[:lead], cut.stop - cut.start, *op.target[lead + 1 :])
    return Slice(-1, cut.start * width, cut.stop * width, 1), Reshape(target)
