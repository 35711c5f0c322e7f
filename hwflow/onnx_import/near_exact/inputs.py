"""An input that no quantiser reads first gets one, calibrated from the samples."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.quantisers import quantise_value
from hwflow.onnx_import.near_exact.queries import MOVEMENT
from hwflow.onnx_import.quantiser import is_quant


def quantise_inputs(context: Context) -> None:
    """Rewrite in place; an input whose readers are all one quantiser (behind movements) stays."""
    for port in context.graph.inputs:
        if port.dtype in (ir.DataType.FLOAT, None) and _first_ops(port) - {"Quant"}:
            signed = bool(np.any(context.ranges.observe(port) < 0))
            quantise_value(context, port, [use.node for use in port.uses()], context.options.input_bits, signed)


def _first_ops(value: ir.Value) -> set[str]:
    """Kinds of nodes that read a value first, movements left out."""
    found: set[str] = set()
    for use in value.uses():
        node = use.node
        kind = {"Quant" if is_quant(node) else node.op_type}
        found |= _first_ops(node.outputs[0]) if node.op_type in MOVEMENT else kind
    return found
