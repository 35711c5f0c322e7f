"""Writes a product along the token axis with the constant on the left, whatever transposes the model wraps around it.

Rule: ``matmul(move(x), W)`` where row (.., e) of ``move(x)`` runs over the tokens of x (T, E) becomes
``move'(matmul(W^T, x))``: the k x T constant times the tokens in their order of arrival (Linformer's projection).
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import MatMul, Reshape, Transpose
from hwflow.passes.editor import Editor
from hwflow.passes.movement import trace


def expose_token_mix(graph: Graph) -> Graph:
    """Apply the rule to every product with a constant."""
    editor = Editor(graph)
    found = False
    for node in graph.nodes:
        if isinstance(node.op, MatMul) and _rewrite(editor, node):
            found = True
        else:
            editor.add(node.op, node.inputs, node.output)
    return editor.build() if found else graph


def _rewrite(editor: Editor, node: Node) -> bool:
    weights = editor.tensors[node.inputs[1]]
    if weights.values is None or len(weights.shape) != 2 or editor.tensors[node.inputs[0]].is_constant:
        return False
    base, positions, moves = trace(editor.producers, editor.tensors, node.inputs[0])
    source = editor.tensors[base]
    if not moves or len(source.shape) != 2 or source.shape[1] == 1:
        return False
    tokens, width = source.shape
    by_column = np.arange(tokens * width).reshape(tokens, width).T  # row e: element e of every token
    if positions.size != by_column.size or not np.array_equal(positions.reshape(-1, positions.shape[-1]), by_column):
        return False
    _emit(editor, node, base, width)
    return True


def _emit(editor: Editor, node: Node, base: str, width: int) -> None:
    weights, output = editor.tensors[node.inputs[1]], editor.tensors[node.output]
    assert weights.values is not None
    rows = weights.shape[1]
    left = editor.tensor((rows, weights.shape[0]), weights.type, weights.values.T)
    mixed = editor.tensor((rows, width), output.type)
    editor.add(MatMul(), (left, base), mixed)
    lead = output.shape[:-1]
    split = editor.tensor((rows, *lead), output.type)
    editor.add(Reshape((rows, *lead)), (mixed,), split)
    editor.add(Transpose((*range(1, len(lead) + 1), 0)), (split,), node.output)
