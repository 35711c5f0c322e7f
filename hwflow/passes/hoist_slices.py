"""Cuts a matrix product whose output is sliced by channels into one product per slice (packed q, k, v projections).

Rule: ``slice(f(matmul(x, W)))`` with f element-wise becomes ``f'(matmul(x, W[:, slice]))``.
"""

from __future__ import annotations

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import MatMul, Reshape, Slice, Table
from hwflow.passes.editor import Editor
from hwflow.passes.movement import ELEMENTWISE, dynamic_inputs

_DEEPEST = 100  # nodes between a slice and its product; each slice repeats them


def hoist_slices(graph: Graph) -> Graph:
    """Apply the rule to every slice of channels that has a constant product behind it."""
    editor = Editor(graph)
    for node in graph.nodes:
        if isinstance(node.op, Slice) and node.op.axis == -1 and _reaches_product(editor, node.inputs[0]):
            _emit(editor, node.op, node.inputs[0], node.output)
        else:
            editor.add(node.op, node.inputs, node.output)
    return editor.build()


def _source(editor: Editor, id: str) -> Node | None:
    """The node behind a tensor, if a slice of channels can pass it."""
    node = editor.producers.get(id)
    if node is None:
        return None
    if isinstance(node.op, MatMul):
        return node if editor.tensors[node.inputs[1]].is_constant else None
    single = len(dynamic_inputs(node, editor.tensors)) == 1
    keeps_channels = isinstance(node.op, Reshape) and editor.tensors[node.inputs[0]].shape[-1] == node.op.target[-1]
    return node if single and (isinstance(node.op, ELEMENTWISE) or keeps_channels) else None


def _reaches_product(editor: Editor, id: str) -> bool:
    for _ in range(_DEEPEST):
        node = _source(editor, id)
        if node is None or isinstance(node.op, MatMul):
            return node is not None
        id = dynamic_inputs(node, editor.tensors)[0]
    return False


def _emit(editor: Editor, cut: Slice, id: str, output: str) -> None:
    """Compute the slice of tensor ``id`` as ``output``."""
    node, full = editor.producers[id], editor.tensors[id]
    inputs = []
    for i in node.inputs:
        tensor = editor.tensors[i]
        if not tensor.is_constant and not isinstance(node.op, MatMul):
            inner = editor.tensor(_cut_shape(cut, tensor.shape), tensor.type)
            _emit(editor, cut, i, inner)
            inputs.append(inner)
        elif tensor.values is not None and not isinstance(node.op, Table) and tensor.shape[-1:] == full.shape[-1:]:
            values = cut.move([tensor.values[None]])[0]
            inputs.append(editor.tensor(values.shape, tensor.type, values))
        else:
            inputs.append(i)
    op = Reshape((*node.op.target[:-1], _cut_shape(cut, full.shape)[-1])) if isinstance(node.op, Reshape) else node.op
    editor.add(op, tuple(inputs), output)


def _cut_shape(cut: Slice, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:-1], len(range(*slice(cut.start, cut.stop, cut.step).indices(shape[-1]))))
