"""BatchNormalization of the evaluation mode: a multiplication and an addition per channel.

``y = x * a + b`` with ``a = gamma / sqrt(var + eps)`` and ``b = beta - mean * a``. The factor costs no hardware: scale
propagation takes it into the multiplier of the next quantiser, as folding it into the weights of the layer before would.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import float_of
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.queries import array_of, operand
from hwflow.onnx_import.rewrite import Replacement, replace


def rewrite_batch_norm(context: Context) -> None:
    """Rewrite in place. UserError for statistics that are not constants."""
    for node in list(context.graph):
        if node.op_type == "BatchNormalization":
            context.note(node, "folded into the scale and bias behind it")
            replace(context.graph, node, _builder(node))


def _builder(node: ir.Node):  # type: ignore[no-untyped-def]
    arrays = [array_of(v) for v in node.inputs[1:5]]
    if any(a is None for a in arrays):
        raise UserError(
            f"BatchNormalization {node.name!r}", "statistics that are not constants", "constants",
            "Export in evaluation mode.",
        )  # fmt: skip
    gamma, beta, mean, variance = (np.asarray(a, np.float64) for a in arrays)
    factor = gamma / np.sqrt(variance + float_of(node, "epsilon", 1e-5))
    offset = beta - mean * factor
    source = operand(node)
    rank = len(source.shape or (0, 0))
    shape = (-1, *(1,) * (rank - 2))

    def build(r: Replacement) -> ir.Value:
        scaled = r.op("Mul", source, r.const(factor.reshape(shape).astype(np.float32), "factor"))
        return r.op("Add", scaled, r.const(offset.reshape(shape).astype(np.float32), "offset"))

    return build
