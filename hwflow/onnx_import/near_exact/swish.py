"""Swish of operator set 24, which onnxruntime has no kernel of: x times the sigmoid of alpha x, as ONNX defines it."""

from __future__ import annotations

import onnx_ir as ir

from hwflow.onnx_import.attributes import float_of
from hwflow.onnx_import.near_exact.queries import is_op
from hwflow.onnx_import.rewrite import Replacement, replace


def spell_out_swish(graph: ir.Graph) -> None:
    """Replace every Swish, in place."""
    for node in list(graph):
        if is_op(node, "Swish"):
            _spell_out(graph, node)


def _spell_out(graph: ir.Graph, node: ir.Node) -> None:
    alpha, x = float_of(node, "alpha", 1.0), node.inputs[0]
    assert x is not None

    def build(r: Replacement) -> ir.Value:
        scaled = x if alpha == 1.0 else r.op("Mul", x, r.const(alpha))
        return r.op("Mul", x, r.op("Sigmoid", scaled))

    replace(graph, node, build)
