"""Ops between an input and its first quantiser that commute with it, and zeros around what a Conv reads.

Rules, without a change of any value:
 1. ``quant(f(x))`` is ``f(quant(x))`` for Slice, Concat, ReLU and a Pad with zeros, when the quantiser has one scale
    and the zero point 0: whoever feeds the design then quantises the input itself.
 2. A Pad with zeros along the pixels is part of the pads of the Conv that reads it.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.attributes import ints_of
from hwflow.onnx_import.quantiser import is_quant
from hwflow.onnx_import.rewrite import Replacement, replace

_COMMUTE = frozenset({"Pad", "Slice", "Concat", "Relu"})
_MOVES = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"})


def commute_with_quantisers(graph: ir.Graph) -> None:
    """Rule 1, in place, as far up as it goes."""
    waiting, origins = [node for node in graph if is_quant(node)], _Origins(graph)
    while waiting:
        node = waiting.pop()
        op = node.inputs[0].producer() if node.inputs[0] is not None else None
        if op is None or not _commutes(op, origins) or not _is_plain(node):
            continue
        made: list[ir.Node] = []

        def build(r: Replacement, node: ir.Node = node, op: ir.Node = op, made: list[ir.Node] = made) -> ir.Value:
            data = len(op.inputs) if op.op_type == "Concat" else 1
            quantised = [r.copy(node, [value, *node.inputs[1:]]) for value in op.inputs[:data]]
            made += r.nodes
            return r.copy(op, [*quantised, *op.inputs[data:]])

        replace(graph, node, build)
        graph.remove(op, safe=True)
        waiting += made


def fold_pads(graph: ir.Graph) -> None:
    """Rule 2, in place."""
    for node in list(graph):
        pad = node.inputs[0].producer() if node.op_type == "Conv" and node.inputs[0] is not None else None
        if pad is None or pad.op_type != "Pad" or not _pads_zeros(pad):
            continue
        around, mode = ints_of(pad, "pads", 1) or [], node.attributes.get_string("auto_pad", "NOTSET")
        rank = len(around) // 2
        spatial = [*around[2:rank], *around[rank + 2 :]]
        if mode != "NOTSET" or len(pad.inputs) > 3 or min(around, default=-1) < 0 or sum(around) != sum(spatial):
            continue
        own = ints_of(node, "pads") or [0] * len(spatial)
        node.attributes["pads"] = ir.AttrInt64s("pads", [a + b for a, b in zip(own, spatial, strict=True)])
        node.replace_input_with(0, pad.inputs[0])


def _commutes(op: ir.Node, origins: _Origins) -> bool:
    output = op.outputs[0]
    if len(output.uses()) > 1 or output.is_graph_output() or op.domain not in ("", "ai.onnx"):
        return False
    if op.op_type not in _COMMUTE | _MOVES or (op.op_type == "Pad" and not _pads_zeros(op)):
        return False
    return origins.commute(output)


def _pads_zeros(pad: ir.Node) -> bool:
    filling = pad.inputs[2] if len(pad.inputs) > 2 else None
    zeros = filling is None or (filling.const_value is not None and not np.any(filling.const_value.numpy()))
    return zeros and pad.attributes.get_string("mode", "constant") == "constant"


def _is_plain(quantiser: ir.Node) -> bool:
    """One scale, and the zero point 0."""
    constants = (None if value is None else value.const_value for value in quantiser.inputs[1:3])
    scale, point = (None if constant is None else constant.numpy() for constant in constants)
    return scale is not None and point is not None and scale.size == 1 and not np.any(point)


class _Origins:
    """Of every value, whether inputs and constants become it by ops that commute or move, and whether any commutes.

    Looked at once, in the graph's order: what a quantiser passes has no other reader, so no answer changes.
    """

    def __init__(self, graph: ir.Graph) -> None:
        self._commuting = dict[ir.Value, bool]()  # of what is made by nothing else
        for node in graph:
            data = [v for v in (node.inputs if node.op_type == "Concat" else node.inputs[:1]) if v is not None]
            made = [value for value in data if value.producer() is not None]
            if node.op_type in _COMMUTE | _MOVES and all(value in self._commuting for value in made):
                commutes = node.op_type in _COMMUTE or any(self._commuting[value] for value in made)
                self._commuting |= dict.fromkeys(node.outputs, commutes)

    def commute(self, value: ir.Value) -> bool:
        """Whether a quantiser may go all the way up; an input that is only moved has its quantiser."""
        return self._commuting.get(value, False)
