"""Brings images to channels last: kernels stream pixels, ONNX keeps channels first.

Every tensor behind a Transpose is kept as a ``View`` of the tensor in front of it, and what follows is computed there:
 1. Transposes and Reshapes of a view are views of the same tensor. Two that cancel are nothing.
 2. Element-wise ops, sums of two views too, work on the bases; constants follow.
 3. Slices, Concats and reductions take the axis of the base. A reduction of all of a frame needs no order.
 4. A product of two transposed matrices is the transposed product the other way round; a constant on either side
    follows, the rows of one that reads a flattened image too.
 5. An image that a kernel slides over arrives channels last (``Graph.orders``).
Anything else makes the view real again. Movement that is left is what the model asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import Concat, MatMul, ReduceMax, ReduceSum, Reshape, Slice, Transpose
from hwflow.passes.image_ports import image_ports
from hwflow.passes.layout import Shape, View, reshaped
from hwflow.passes.movement import ELEMENTWISE
from hwflow.passes.view_operands import elementwise
from hwflow.passes.views import Views


def channels_last(graph: Graph) -> Graph:
    """Apply the rules in one walk over the nodes."""
    views = Views(graph)
    for port, perm in image_ports(graph).items():
        moved = views.editor.replace_input(port, perm)
        views.of[port] = View(moved, views.shape(moved), tuple(int(i) for i in np.argsort(perm)))
    for node in graph.nodes:
        rule = _RULES.get(type(node.op), elementwise if isinstance(node.op, ELEMENTWISE) else None)
        if rule is None or not rule(views, node):
            views.editor.add(node.op, tuple(views.real(i) for i in node.inputs), node.output)
    for id in graph.outputs:
        if id in views.of:
            views.make(id)
    return views.editor.build()


def _transpose(views: Views, node: Node) -> bool:
    """Rule 1. Behind a Reshape the view is of what was reshaped."""
    assert isinstance(node.op, Transpose)
    (source,) = node.inputs
    view = views.of.get(source) or _reshape_view(views, source)
    if view.row or view.shape != views.shape(source):
        view = View(views.real(source), views.shape(source), tuple(range(len(node.op.perm))))
    views.of[node.output] = View(view.base, view.mid, tuple(view.perm[axis] for axis in node.op.perm))
    return True


def _reshape_view(views: Views, id: str) -> View:
    shape, before = views.shape(id), views.editor.producers.get(id)
    base = before.inputs[0] if before is not None and isinstance(before.op, Reshape) else id
    return View(base, shape, tuple(range(len(shape))))


def _reshape(views: Views, node: Node) -> bool:
    """Rule 1. Under one long axis the order does not matter to what treats all elements alike."""
    assert isinstance(node.op, Reshape)
    view, target = views.of.get(node.inputs[0]), node.op.target
    if view is None:
        return False
    found = reshaped(view.mid, view.perm, target)
    if found is not None:
        base = view.base
        if view.row:
            base = views.reshape(base, (math.prod(view.mid[:-1]), view.mid[-1]))
        views.of[node.output] = View(base, *found)
    elif max(target, default=1) == math.prod(target):
        views.of[node.output] = View(views.reshape(view.base, target), view.mid, view.perm, row=True)
    else:
        return False
    return True


def _slice(views: Views, node: Node) -> bool:
    """Rule 3."""
    assert isinstance(node.op, Slice)
    (id,) = node.inputs
    view = views.of.get(id)
    place = None if view is None else views.along(view, id, node.op.axis)
    if view is None or place is None:
        return False
    base, shape, axis = place
    count = views.shape(node.output)[node.op.axis]
    op = Slice(axis - len(shape), node.op.start, node.op.stop, node.op.step)
    output = views.editor.add(op, (base,), views.result((*shape[:axis], count, *shape[axis + 1 :]), node.output))
    views.of[node.output] = View(output, _with(view.mid, view.perm[node.op.axis], count), view.perm)
    return True


def _concat(views: Views, node: Node) -> bool:
    """Rule 3, where all parts are views of one kind."""
    assert isinstance(node.op, Concat)
    parts = [v for i in node.inputs if (v := views.of.get(i)) is not None]
    if len(parts) < len(node.inputs) or len({v.perm for v in parts}) > 1:
        return False
    axis, total = node.op.axis, views.shape(node.output)[node.op.axis]
    places = [views.along(v, i, axis) for v, i in zip(parts, node.inputs, strict=True)]
    found = [_tokens(views, *place) for place in places if place is not None]
    kinds = {(_with(shape, at, 0), at) for _, shape, at in found}
    if len(found) < len(parts) or len(kinds) > 1:
        return False
    _, shape, at = found[0]
    output = views.result(_with(shape, at, total), node.output)
    views.editor.add(Concat(at - len(shape)), tuple(base for base, _, _ in found), output)
    perm = parts[0].perm
    views.of[node.output] = View(output, _with(parts[0].mid, perm[axis], total), perm)
    return True


def _tokens(views: Views, base: str, shape: Shape, axis: int) -> tuple[str, Shape, int]:
    """The same with the axes in front of the channels as one, if the axis is that of the channels."""
    if axis != len(shape) - 1:
        return base, shape, axis
    rows = (math.prod(shape[:-1]), shape[-1])
    return views.reshape(base, rows), rows, 1


def _reduce(views: Views, node: Node) -> bool:
    """Rule 3."""
    assert isinstance(node.op, (ReduceSum, ReduceMax))
    (id,) = node.inputs
    view, kind = views.of.get(id), type(node.op)
    if view is None or view.in_order:
        return False
    if view.row:
        if views.shape(id)[node.op.axis] == 1:
            return False
        views.editor.add(node.op, (view.base,), node.output)
        return True
    place = views.along(view, id, node.op.axis)
    if place is None or not node.op.keepdims:
        return False
    base, shape, axis = place
    output = views.result(_with(shape, axis, 1), node.output)
    views.editor.add(kind(axis - len(shape)), (base,), output)
    views.of[node.output] = View(output, _with(view.mid, view.perm[node.op.axis], 1), view.perm)
    return True


def _matmul(views: Views, node: Node) -> bool:
    """Rule 4."""
    left, right = (views.of.get(i) for i in node.inputs)
    constants = [views.editor.tensors[i].is_constant for i in node.inputs]
    if left is not None and left.row and constants[1] and not left.in_order:
        return _flattened(views, node, left)
    sides = [_turned(views, i, v) for i, v in zip(node.inputs, (left, right), strict=True)]
    if sides[0] is None or sides[1] is None or all(v is None for v in (left, right)):
        return False
    shape = views.shape(node.output)
    swap = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
    output = views.result(tuple(shape[axis] for axis in swap), node.output)
    views.editor.add(MatMul(), (sides[1], sides[0]), output)
    views.of[node.output] = View(output, views.shape(output), swap)
    return True


def _turned(views: Views, id: str, view: View | None) -> str | None:
    """The transposed matrix, if nothing has to move for it."""
    tensor = views.editor.tensors[id]
    if tensor.values is not None and len(tensor.shape) == 2:
        return views.editor.tensor(tensor.shape[::-1], tensor.type, tensor.values.T)
    if view is None or not view.swapped or view.shape != tensor.shape:
        return None
    return views.reshape(view.base, (*tensor.shape[:-2], tensor.shape[-1], tensor.shape[-2]))


def _flattened(views: Views, node: Node, view: View) -> bool:
    weights = views.editor.tensors[node.inputs[1]]
    assert weights.values is not None
    if len(weights.shape) != 2 or weights.shape[0] != view.positions.size:
        return False  # a column, of which each row is multiplied
    values = np.empty_like(weights.values)
    values[view.positions] = weights.values
    constant = views.editor.tensor(values.shape, weights.type, values)
    views.editor.add(MatMul(), (view.base, constant), node.output)
    return True


def _with(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


_RULES: dict[type, Callable[[Views, Node], bool]] = {
    Transpose: _transpose,
    Reshape: _reshape,
    Slice: _slice,
    Concat: _concat,
    ReduceSum: _reduce,
    ReduceMax: _reduce,
    MatMul: _matmul,
}
