"""Non-zero zero points: an asymmetric quantiser is a symmetric one of one bit more, clipped to the same integers.

``clip(round(x / s) + z, lo, hi) - z`` equals ``clip(round(x / s), lo - z, hi - z)`` for every integer z, and the range
[lo - z, hi - z] fits a signed integer of at most one bit more when z lies in [lo, hi]. (Only QONNX rounds after the
addition: for an odd z it sends a tie x / s = n + 1/2 the other way.)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.quantiser import is_quant, read_bits
from hwflow.onnx_import.rewrite import Replacement, replace


def symmetrise(graph: ir.Graph) -> None:
    """Replace every Quant with a constant zero point other than 0 by a signed Quant and a Clip, in place.

    Raises UserError for a zero point that is no integer of the range, or that differs between channels.
    """
    for node in list(graph):
        if is_quant(node) and (point := _zero_point(node)) != 0:
            _replace(graph, node, point)


def _zero_point(node: ir.Node) -> int:
    array = _array(node, 2)
    if array is None or not np.any(array):
        return 0
    first = float(array.flat[0])
    if np.any(array != first) or not first.is_integer():
        raise UserError(
            f"Quant {node.outputs[0].name!r}",
            f"zero points {array.ravel()[:4].tolist()}",
            "one integer for the whole tensor",
            "Use a symmetric quantiser for it.",
        )
    return int(first)


def _replace(graph: ir.Graph, node: ir.Node, point: int) -> None:
    subject, bits, scale = f"Quant {node.outputs[0].name!r}", _array(node, 3), _array(node, 1)
    if bits is None or scale is None or scale.size != 1:
        raise UserError(subject, f"zero point {point} without one constant scale", "a constant scale", "Export again.")
    width, signed = read_bits(bits, subject), int_of(node, "signed", 1)
    lo = -(1 << (width - 1)) + int_of(node, "narrow", 0) if signed else 0
    hi = (1 << (width - signed)) - 1
    if not lo <= point <= hi:
        raise UserError(
            subject, f"zero point {point}", f"one in [{lo}, {hi}], so that 0 is exact", "Calibrate it again."
        )

    def build(r: Replacement) -> ir.Value:
        source, quant_scale = node.inputs[0], node.inputs[1]
        assert source is not None and quant_scale is not None
        wider = r.quant(source, quant_scale, width + 1, rounding=_rounding(node))
        limits = (r.const(np.asarray((n - point) * np.float32(scale.flat[0]), np.float32), "limit") for n in (lo, hi))
        return r.op("Clip", wider, *limits)

    replace(graph, node, build)


def _rounding(node: ir.Node) -> str:
    return node.attributes["rounding_mode"].as_string() if "rounding_mode" in node.attributes else "ROUND"


def _array(node: ir.Node, index: int) -> np.ndarray | None:
    """A constant operand: an initialiser or the output of a Constant node."""
    value = node.inputs[index]
    producer = value.producer() if value is not None else None
    if producer is not None and producer.op_type == "Constant" and "value" in producer.attributes:
        return producer.attributes["value"].as_tensor().numpy()
    return None if value is None or value.const_value is None else value.const_value.numpy()
