"""Moves Reshape and Transpose behind element-wise ops, so that each matrix product meets its own requantiser.

Rule: ``op(move(x), scalars)`` becomes ``move(op(x, scalars))``. Repeated, movement comes to rest in front of the
matrix products, where the kernels read it as an addressing order.
"""

from __future__ import annotations

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
    movement = _movement_before(editor, node)
    if movement is None:
        editor.add(node.op, node.inputs, node.output)
        return
    source = editor.tensors[movement.inputs[0]]
    inner = editor.tensor(source.shape, editor.tensors[node.output].type)
    moved = tuple(source.id if i == movement.output else i for i in node.inputs)
    _emit(editor, Node(node.op, moved, inner))
    editor.add(movement.op, (inner,), node.output)


def _movement_before(editor: Editor, node: Node) -> Node | None:
    """The Reshape or Transpose that feeds an element-wise node whose other operands are scalars."""
    if not isinstance(node.op, ELEMENTWISE):
        return None
    dynamic = dynamic_inputs(node, editor.tensors)
    scalars = all(
        editor.tensors[i].size == 1 or isinstance(node.op, Table) for i in node.inputs if editor.tensors[i].is_constant
    )
    if len(set(dynamic)) != 1 or not scalars:
        return None
    producer = editor.producers.get(dynamic[0])
    is_movement = producer is not None and isinstance(producer.op, (Reshape, Transpose))
    return producer if is_movement else None
