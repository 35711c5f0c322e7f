"""Moves a clamp behind the requantiser that reads it: the rounding constant then joins the bias in one addition.

Rule: ``requantise(clamp(x, lo, hi))`` becomes ``clamp(requantise(x), round(lo), round(hi))``, as rounding and
saturation are monotone; and just ``requantise(x)`` where its saturation clamps as much (a ReLU in front of an unsigned
type).
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Bounds, Graph, Node, Tensor
from hwflow.ir.ops import Clamp, Requantise
from hwflow.passes.editor import Editor


def clamp_last(graph: Graph) -> Graph:
    """Apply the rule to every requantiser behind a clamp. No output changes a bit."""
    editor = Editor(graph)
    for node in graph.nodes:
        before = graph.producers.get(node.inputs[0])
        if before is not None and isinstance(node.op, Requantise) and isinstance(before.op, Clamp):
            _emit(editor, node, node.op, before, before.op)
        else:
            editor.add(node.op, node.inputs, node.output)
    return editor.build()


def _emit(editor: Editor, node: Node, requantise: Requantise, before: Node, clamp: Clamp) -> None:
    source, clamped = (editor.tensors[id] for id in (before.inputs[0], before.output))
    lo, hi = (_rounded(requantise, clamped, limit) for limit in (clamp.lo, clamp.hi))
    if (lo is None or lo <= requantise.lo) and (hi is None or hi >= requantise.target.hi):
        editor.add(requantise, (source.id,), node.output)
        return
    inner = editor.tensor(source.shape, requantise.target)
    editor.add(requantise, (source.id,), inner)
    editor.add(Clamp(lo, hi), (inner,), node.output)


def _rounded(op: Requantise, tensor: Tensor, limit: int | None) -> int | None:
    """A limit as the requantiser leaves it; None stays open."""
    if limit is None:
        return None
    at = np.array([limit])
    return int(op.bounds([tensor], [Bounds(at, at)]).lo[0])
