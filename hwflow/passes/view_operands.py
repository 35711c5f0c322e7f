"""Element-wise ops on views: computed on what they are views of, with every operand in that layout."""

from __future__ import annotations

import math

import numpy as np

from hwflow.ir.graph import Node
from hwflow.ir.ops import Table
from hwflow.passes.layout import Shape, View, constant_of
from hwflow.passes.views import Views


def elementwise(views: Views, node: Node) -> bool:
    """Rule 2."""
    shape = views.shape(node.output)
    leads = [v for i in node.inputs if (v := views.of.get(i)) and views.shape(i) == shape]
    if not leads:
        return False
    lead = next((v for v in leads if not v.in_order), leads[0])
    moved = [_operand(views, node, i, lead) for i in node.inputs]
    inputs = tuple(i for i in moved if i is not None)
    if len(inputs) < len(moved):
        return False
    output = views.editor.add(node.op, inputs, views.result(views.shape(lead.base), node.output))
    views.of[node.output] = View(output, lead.mid, lead.perm, lead.row)
    return True


def _operand(views: Views, node: Node, id: str, lead: View) -> str | None:
    """An operand of an element-wise op in the layout of the leading one's base, or None."""
    tensor, base = views.editor.tensors[id], views.shape(lead.base)
    if isinstance(node.op, Table) and tensor.is_constant:
        return id
    if tensor.size == 1:
        return _single(views, views.real(id), len(base))
    if tensor.values is not None:
        if lead.row or len(lead.perm) < len(tensor.shape):
            return None
        values = constant_of(tensor.values, lead, base)
        return views.editor.tensor(values.shape, tensor.type, values)
    view = views.of.get(id)
    if tensor.shape == views.shape(node.output):
        if view is not None and (view.mid, view.perm, view.row) == (lead.mid, lead.perm, lead.row):
            return views.reshape(view.base, base)
        return views.reshape(views.real(id), base) if lead.in_order and not lead.row else None
    return None if lead.row else _broadcast(views, id, lead, base)


def _single(views: Views, id: str, rank: int) -> str:
    """One number, with no more axes than it meets."""
    tensor = views.editor.tensors[id]
    if len(tensor.shape) <= rank:
        return id
    if tensor.values is not None:
        return views.editor.tensor((1,) * rank, tensor.type, tensor.values.reshape((1,) * rank))
    return views.reshape(id, (1,) * rank)


def _broadcast(views: Views, id: str, lead: View, base: Shape) -> str | None:
    """A computed operand along some axes only, such as one number for each channel."""
    shape = views.shape(id)
    if len(shape) > len(lead.perm):
        return None
    padded = (1,) * (len(lead.perm) - len(shape)) + shape
    places = [axis for axis, n in zip(lead.perm, padded, strict=True) if n > 1]
    view = views.of.get(id)
    if places != sorted(places) or (view is not None and not view.in_order):
        return None
    target = constant_of(np.broadcast_to(np.int8(0), shape), lead, base).shape
    if math.prod(target) != math.prod(shape):
        return None
    return views.reshape(view.base if view is not None else id, target)
