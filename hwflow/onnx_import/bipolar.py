"""BipolarQuant, the 1-bit quantiser of QONNX: ``s`` where x is no less than 0, else ``-s``.

Source: github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops/bipolarquant_v1.md.
"""

from __future__ import annotations

import onnx_ir as ir

from hwflow.onnx_import.quantiser import ROUNDS_FIRST, is_bipolar
from hwflow.onnx_import.rewrite import Replacement, replace


def expand_bipolar(graph: ir.Graph) -> None:
    """Rewrite in place: the floor of x, limited to -1 and 0, says the sign whatever the scale is.

    ``q = clip(floor(x), -1, 0)`` is a quantiser of one bit with zero point 1; ``2 s q + s`` is the result.
    """
    for node in list(graph):
        if is_bipolar(node):
            replace(graph, node, lambda r, node=node: _build(r, node))  # type: ignore[misc]


def _build(r: Replacement, node: ir.Node) -> ir.Value:
    source, scale = node.inputs
    assert source is not None and scale is not None
    sign = r.quant(source, 1.0, 1, signed=False, rounding="FLOOR", zero_point=1.0)
    r.nodes[-1].attributes[ROUNDS_FIRST] = ir.AttrInt64(ROUNDS_FIRST, 1)
    return r.op("Add", r.op("Mul", sign, r.op("Add", scale, scale)), scale)
