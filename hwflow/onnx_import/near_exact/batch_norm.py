"""BatchNormalization of the evaluation mode: a multiplication and an addition per channel.

``y = x * a + b`` with ``a = gamma / sqrt(var + eps)`` and ``b = beta - mean * a``. The factor costs no hardware: scale
propagation takes it into the multiplier of the next quantiser, as folding it into the weights before would.
A Transpose in front (the norm counts channels on axis 1) is moved behind, so that tokens stay tokens.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import float_of, int_of, ints_of
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.queries import array_of, is_op, label, operand, producer
from hwflow.onnx_import.rewrite import Replacement, replace


def rewrite_batch_norm(context: Context) -> None:
    """Rewrite in place. UserError for statistics that are not constants, or are those of the batch."""
    for node in list(context.graph):
        if is_op(node, "BatchNormalization"):
            _check(node)
            context.note(node, "folded into the scale and bias behind it")
            replace(context.graph, node, lambda r, node=node: _build(r, node))  # type: ignore[misc]


def _check(node: ir.Node) -> None:
    """Refuse what normalises by the batch: training mode, and the outputs that only it has."""
    training = int_of(node, "training_mode", 0) or any(o.uses() or o.is_graph_output() for o in node.outputs[1:])
    if training or any(array_of(v) is None for v in node.inputs[1:5]):
        found = "statistics of the batch" if training else "statistics that are not constants"
        raise UserError(f"BatchNormalization {label(node)!r}", found, "constants", "Export in evaluation mode.")


def _build(r: Replacement, node: ir.Node) -> ir.Value:
    source = operand(node)
    rank = 2 if source.shape is None else len(source.shape)
    factor, offset = (a.reshape(1, -1, *(1,) * (rank - 2)).astype(np.float32) for a in _affine(node))
    transpose = producer(source, "Transpose")
    perm = None if transpose is None else ints_of(transpose, "perm")
    if transpose is None or perm is None:
        return r.op("Add", r.op("Mul", source, r.const(factor, "factor")), r.const(offset, "offset"))
    back = np.argsort(perm)
    scaled = r.op("Mul", operand(transpose), r.const(factor.transpose(back), "factor"))
    return r.op("Transpose", r.op("Add", scaled, r.const(offset.transpose(back), "offset")), perm=perm)


def _affine(node: ir.Node) -> tuple[np.ndarray, np.ndarray]:
    """Factor and offset per channel."""
    gamma, beta, mean, variance = (np.asarray(array_of(v), np.float64) for v in node.inputs[1:5])
    factor = gamma / np.sqrt(variance + float_of(node, "epsilon", 1e-5))
    return factor, beta - mean * factor
