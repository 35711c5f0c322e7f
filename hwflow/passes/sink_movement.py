"""Moves Reshape and Transpose behind element-wise ops, so that each matrix product meets its own requantiser.

Rule: ``op(move(x), scalars)`` becomes ``move(op(x, scalars))``; behind a Transpose any constant follows. Repeated,
movement comes to rest in front of the matrix products, where the kernels read it as an addressing order. Movement that
has several readers stays.
"""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import Reshape, Table, Transpose
from hwflow.passes.editor import Editor
from hwflow.passes.movement import ELEMENTWISE, dynamic_inputs


def sink_movement(graph: Graph) -> Graph:
    """Apply the rule until nothing moves."""
    editor = Editor(graph)
    for node in graph.nodes:
        _emit(editor, node)
    return editor.build()


def _emit(editor: Editor, node: Node) -> None:
    behind: list[Node] = []
    while (movement := _movement_before(editor, node)) is not None:
        source = editor.tensors[movement.inputs[0]]
        inner = editor.tensor(source.shape, editor.tensors[node.output].type)
        moved = [
            source.id if i == movement.output else _constant_before(editor, movement, node, i) for i in node.inputs
        ]
        behind.append(Node(movement.op, (inner,), node.output))
        node = Node(node.op, tuple(moved), inner)
    for each in (node, *reversed(behind)):
        _add(editor, each)


def _add(editor: Editor, node: Node) -> None:
    """Two Transposes in a row are one, which may well move nothing."""
    before = editor.producers.get(node.inputs[0])
    if before is not None and isinstance(node.op, Transpose) and isinstance(before.op, Transpose):
        perm = tuple(before.op.perm[axis] for axis in node.op.perm)
        node = Node(Transpose(perm), before.inputs, node.output)
    editor.add(node.op, node.inputs, node.output)


def _movement_before(editor: Editor, node: Node) -> Node | None:
    """The Reshape or Transpose that feeds an element-wise node whose other operands are constants that can follow."""
    if not isinstance(node.op, ELEMENTWISE):
        return None
    dynamic = dynamic_inputs(node, editor.tensors)
    producer = editor.producers.get(dynamic[0]) if len(set(dynamic)) == 1 else None
    if producer is None or not isinstance(producer.op, (Reshape, Transpose)) or _is_shared(editor, producer.output):
        return None
    if editor.tensors[node.output].shape != editor.tensors[producer.output].shape:
        return None
    sizes = [editor.tensors[i].size for i in node.inputs if i not in dynamic and not isinstance(node.op, Table)]
    return producer if isinstance(producer.op, Transpose) or all(size == 1 for size in sizes) else None


def _is_shared(editor: Editor, id: str) -> bool:
    """Whether others read the moved tensor too: they would still need the movement, and a copy of what sinks."""
    return id in editor.graph.outputs or len(editor.graph.consumers.get(id, ())) > 1


def _constant_before(editor: Editor, movement: Node, node: Node, id: str) -> str:
    """A constant operand as it is in front of a Transpose; tables stay, a scalar has no axes of its own."""
    tensor = editor.tensors[id]
    if tensor.values is None or isinstance(node.op, Table):
        return id
    if tensor.size == 1:
        return editor.tensor((), tensor.type, tensor.values.reshape(())) if tensor.shape else id
    if not isinstance(movement.op, Transpose):
        return id
    values = np.reshape(tensor.values, (1,) * (len(movement.op.perm) - len(tensor.shape)) + tensor.shape)
    values = values.transpose(np.argsort(movement.op.perm))
    return editor.tensor(values.shape, tensor.type, values)
