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
from hwflow.ir.ops import Concat, MatMul, ReduceMax, ReduceSum, Reshape, Slice, Table, Transpose, Window
from hwflow.passes.editor import Editor
from hwflow.passes.layout import Shape, View, constant_of, lone_axis, reshaped
from hwflow.passes.movement import ELEMENTWISE, dynamic_inputs


def channels_last(graph: Graph) -> Graph:
    """Apply the rules in one walk over the nodes."""
    return _Walk(graph).run()


class _Walk:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.editor = graph, Editor(graph)
        self.views: dict[str, View] = {}
        self.alias: dict[str, str] = {}

    def run(self) -> Graph:
        for port, perm in _image_ports(self.graph).items():
            moved = self.editor.replace_input(port, perm)
            self.views[port] = View(moved, self._shape(moved), tuple(int(i) for i in np.argsort(perm)))
        for node in self.graph.nodes:
            rule = _RULES.get(type(node.op), _Walk._elementwise if isinstance(node.op, ELEMENTWISE) else None)
            if rule is None or not rule(self, node):
                self.editor.add(node.op, tuple(self._real(i) for i in node.inputs), node.output)
        for id in self.graph.outputs:
            if id in self.views:
                self._make(id)
        return self.editor.build()

    def _shape(self, id: str) -> Shape:
        return self.editor.tensors[id].shape

    def _new(self, shape: Shape, like: str) -> str:
        return self.editor.tensor(shape, self.editor.tensors[like].type)

    def _as(self, id: str, shape: Shape) -> str:
        """A tensor under another shape."""
        return id if self._shape(id) == shape else self.editor.add(Reshape(shape), (id,), self._new(shape, id))

    def _real(self, id: str) -> str:
        """The tensor itself, or one equal to it in shape and order."""
        view = self.views.get(id)
        if view is None or id in self.alias:
            return self.alias.get(id, id)
        if view.in_order and self._shape(view.base) == self._shape(id):
            self.alias[id] = view.base
        else:
            self.alias[id] = self._make(id)
        return self.alias[id]

    def _make(self, id: str) -> str:
        """Compute a view under its own id."""
        view, shape = self.views[id], self._shape(id)
        if id in self.editor.producers:
            return id
        if view.in_order:
            return self.editor.add(Reshape(shape), (view.base,), id)
        source = self._as(view.base, view.mid)
        if view.shape == shape:
            return self.editor.add(Transpose(view.perm), (source,), id)
        moved = self.editor.add(Transpose(view.perm), (source,), self._new(view.shape, id))
        return self.editor.add(Reshape(shape), (moved,), id)

    def _transpose(self, node: Node) -> bool:
        """Rule 1. Behind a Reshape the view is of what was reshaped."""
        assert isinstance(node.op, Transpose)
        (source,) = node.inputs
        view = self.views.get(source) or self._reshape_view(source)
        if view.row or view.shape != self._shape(source):
            view = View(self._real(source), self._shape(source), tuple(range(len(node.op.perm))))
        self.views[node.output] = View(view.base, view.mid, tuple(view.perm[axis] for axis in node.op.perm))
        return True

    def _reshape_view(self, id: str) -> View:
        shape, before = self._shape(id), self.editor.producers.get(id)
        base = before.inputs[0] if before is not None and isinstance(before.op, Reshape) else id
        return View(base, shape, tuple(range(len(shape))))

    def _reshape(self, node: Node) -> bool:
        """Rule 1. Under one long axis the order does not matter to what treats all elements alike."""
        assert isinstance(node.op, Reshape)
        view, target = self.views.get(node.inputs[0]), node.op.target
        if view is None:
            return False
        found = reshaped(view.mid, view.perm, target)
        if found is not None:
            base = view.base
            if view.row:
                base = self._as(base, (math.prod(view.mid[:-1]), view.mid[-1]))
            self.views[node.output] = View(base, *found)
        elif max(target, default=1) == math.prod(target):
            self.views[node.output] = View(self._as(view.base, target), view.mid, view.perm, row=True)
        else:
            return False
        return True

    def _elementwise(self, node: Node) -> bool:
        """Rule 2."""
        shape = self._shape(node.output)
        leads = [v for i in node.inputs if (v := self.views.get(i)) and self._shape(i) == shape]
        if not leads:
            return False
        lead = next((v for v in leads if not v.in_order), leads[0])
        moved = [self._operand(node, i, lead) for i in node.inputs]
        inputs = tuple(i for i in moved if i is not None)
        if len(inputs) < len(moved):
            return False
        output = self.editor.add(node.op, inputs, self._new(self._shape(lead.base), node.output))
        self.views[node.output] = View(output, lead.mid, lead.perm, lead.row)
        return True

    def _operand(self, node: Node, id: str, lead: View) -> str | None:
        """An operand of an element-wise op in the layout of the leading one's base, or None."""
        tensor, base = self.editor.tensors[id], self._shape(lead.base)
        if isinstance(node.op, Table) and tensor.is_constant:
            return id
        if tensor.size == 1:
            return self._single(self._real(id), len(base))
        if tensor.values is not None:
            if lead.row or len(lead.perm) < len(tensor.shape):
                return None
            values = constant_of(tensor.values, lead, base)
            return self.editor.tensor(values.shape, tensor.type, values)
        view = self.views.get(id)
        if tensor.shape == self._shape(node.output):
            if view is not None and (view.mid, view.perm, view.row) == (lead.mid, lead.perm, lead.row):
                return self._as(view.base, base)
            return self._as(self._real(id), base) if lead.in_order and not lead.row else None
        return None if lead.row else self._broadcast(id, lead, base)

    def _single(self, id: str, rank: int) -> str:
        """One number, with no more axes than it meets."""
        tensor = self.editor.tensors[id]
        if len(tensor.shape) <= rank:
            return id
        if tensor.values is not None:
            return self.editor.tensor((1,) * rank, tensor.type, tensor.values.reshape((1,) * rank))
        return self._as(id, (1,) * rank)

    def _broadcast(self, id: str, lead: View, base: Shape) -> str | None:
        """A computed operand along some axes only, such as one number for each channel."""
        shape = self._shape(id)
        if len(shape) > len(lead.perm):
            return None
        padded = (1,) * (len(lead.perm) - len(shape)) + shape
        places = [axis for axis, n in zip(lead.perm, padded, strict=True) if n > 1]
        view = self.views.get(id)
        if places != sorted(places) or (view is not None and not view.in_order):
            return None
        target = constant_of(np.broadcast_to(np.int8(0), shape), lead, base).shape
        if math.prod(target) != math.prod(shape):
            return None
        return self._as(view.base if view is not None else id, target)

    def _along(self, view: View, id: str, axis: int) -> tuple[str, Shape, int] | None:
        """The base, its shape and its axis that are an axis of a view; torn out of a longer axis if need be."""
        if view.row or view.shape != self._shape(id):
            return None
        place = view.perm[axis]
        found = lone_axis(view.mid, self._shape(view.base), place)
        if found is not None:
            return view.base, self._shape(view.base), found
        return self._as(view.base, view.mid), view.mid, place

    def _slice(self, node: Node) -> bool:
        """Rule 3."""
        assert isinstance(node.op, Slice)
        (id,) = node.inputs
        view = self.views.get(id)
        place = None if view is None else self._along(view, id, node.op.axis)
        if view is None or place is None:
            return False
        base, shape, axis = place
        count = self._shape(node.output)[node.op.axis]
        op = Slice(axis - len(shape), node.op.start, node.op.stop, node.op.step)
        output = self.editor.add(op, (base,), self._new((*shape[:axis], count, *shape[axis + 1 :]), node.output))
        self.views[node.output] = View(output, _with(view.mid, view.perm[node.op.axis], count), view.perm)
        return True

    def _concat(self, node: Node) -> bool:
        """Rule 3, where all parts are views of one kind."""
        assert isinstance(node.op, Concat)
        views = [self.views.get(i) for i in node.inputs]
        if any(v is None or v.perm != (views[0] and views[0].perm) for v in views):
            return False
        axis, total = node.op.axis, self._shape(node.output)[node.op.axis]
        places = [self._along(v, i, axis) for v, i in zip(views, node.inputs, strict=True) if v is not None]
        found = [self._tokens(*place) for place in places if place is not None]
        kinds = {(_with(shape, at, 0), at) for _, shape, at in found}
        if len(found) < len(views) or len(kinds) > 1:
            return False
        _, shape, at = found[0]
        output = self._new(_with(shape, at, total), node.output)
        self.editor.add(Concat(at - len(shape)), tuple(base for base, _, _ in found), output)
        first = views[0]
        assert first is not None
        self.views[node.output] = View(output, _with(first.mid, first.perm[axis], total), first.perm)
        return True

    def _tokens(self, base: str, shape: Shape, axis: int) -> tuple[str, Shape, int]:
        """The same with the axes in front of the channels as one, if the axis is that of the channels."""
        if axis != len(shape) - 1:
            return base, shape, axis
        rows = (math.prod(shape[:-1]), shape[-1])
        return self._as(base, rows), rows, 1

    def _reduce(self, node: Node) -> bool:
        """Rule 3."""
        assert isinstance(node.op, (ReduceSum, ReduceMax))
        (id,) = node.inputs
        view, kind = self.views.get(id), type(node.op)
        if view is None or view.in_order:
            return False
        if view.row:
            if self._shape(id)[node.op.axis] == 1:
                return False
            self.editor.add(node.op, (view.base,), node.output)
            return True
        place = self._along(view, id, node.op.axis)
        if place is None or not node.op.keepdims:
            return False
        base, shape, axis = place
        output = self._new(_with(shape, axis, 1), node.output)
        self.editor.add(kind(axis - len(shape)), (base,), output)
        self.views[node.output] = View(output, _with(view.mid, view.perm[node.op.axis], 1), view.perm)
        return True

    def _matmul(self, node: Node) -> bool:
        """Rule 4."""
        left, right = (self.views.get(i) for i in node.inputs)
        constants = [self.editor.tensors[i].is_constant for i in node.inputs]
        if left is not None and left.row and constants[1] and not left.in_order:
            return self._flattened(node, left)
        sides = [self._turned(i, v) for i, v in zip(node.inputs, (left, right), strict=True)]
        if sides[0] is None or sides[1] is None or all(v is None for v in (left, right)):
            return False
        shape = self._shape(node.output)
        swap = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        output = self._new(tuple(shape[axis] for axis in swap), node.output)
        self.editor.add(MatMul(), (sides[1], sides[0]), output)
        self.views[node.output] = View(output, self._shape(output), swap)
        return True

    def _turned(self, id: str, view: View | None) -> str | None:
        """The transposed matrix, if nothing has to move for it."""
        tensor = self.editor.tensors[id]
        if tensor.values is not None and len(tensor.shape) == 2:
            return self.editor.tensor(tensor.shape[::-1], tensor.type, tensor.values.T)
        if view is None or not view.swapped or view.in_order or view.shape != tensor.shape:
            return None
        return self._as(view.base, view.mid)

    def _flattened(self, node: Node, view: View) -> bool:
        weights = self.editor.tensors[node.inputs[1]]
        assert weights.values is not None
        if len(weights.shape) != 2:
            return False
        values = np.empty_like(weights.values)
        values[view.positions] = weights.values
        constant = self.editor.tensor(values.shape, weights.type, values)
        self.editor.add(MatMul(), (view.base, constant), node.output)
        return True


def _with(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


_RULES: dict[type, Callable[[_Walk, Node], bool]] = {
    Transpose: _Walk._transpose,
    Reshape: _Walk._reshape,
    Slice: _Walk._slice,
    Concat: _Walk._concat,
    ReduceSum: _Walk._reduce,
    ReduceMax: _Walk._reduce,
    MatMul: _Walk._matmul,
}


def _image_ports(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The inputs that a kernel slides over, behind element-wise ops at most, with the Transpose on the way."""
    found: dict[str, tuple[int, ...]] = {}
    for node in graph.nodes:
        if isinstance(node.op, Window):
            perms, id = [], node.inputs[0]
            while (before := graph.producers.get(id)) is not None:
                dynamic = dynamic_inputs(before, graph.tensors)
                if len(dynamic) != 1 or not isinstance(before.op, (Transpose, Reshape, *ELEMENTWISE)):
                    break
                perms += [before.op.perm] if isinstance(before.op, Transpose) else []
                id = dynamic[0]
            if id in graph.inputs and len(perms) == 1 and len(perms[0]) == len(graph.tensors[id].shape):
                found.setdefault(id, perms[0])
    return found
