"""QuantizeLinear, an optional Clip, DequantizeLinear: the same quantiser as QONNX's Quant, in standard ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.quantiser import ROUNDS_FIRST
from hwflow.onnx_import.rewrite import Replacement, replace


def fuse_qcdq(graph: ir.Graph) -> None:
    """Replace each triple by one Quant. Dequantised constants are left to constant folding."""
    for node in list(graph):
        if node.op_type == "DequantizeLinear":
            _fuse(graph, node)


def _fuse(graph: ir.Graph, dequantise: ir.Node) -> None:
    clip = _producer(dequantise, "Clip")
    quantise = _producer(clip or dequantise, "QuantizeLinear")
    if quantise is None:
        return
    source, scale = quantise.inputs[0], _array(quantise, 1)
    if source is None or scale is None or source.const_value is not None:
        return
    subject = f"QuantizeLinear {quantise.outputs[0].name!r}"
    other = _array(dequantise, 1)
    if other is None or not np.array_equal(scale, other):
        raise UserError(subject, "another scale than its DequantizeLinear", "the same scale", "Export again.")
    zero, other = _array(quantise, 2), _array(dequantise, 2)
    if np.any(zero != (0 if other is None else other)) if zero is not None else np.any(other):
        raise UserError(subject, "another zero point than its DequantizeLinear", "the same", "Export again.")
    if "output_dtype" in quantise.attributes or (zero is None and len(quantise.inputs) > 2 and quantise.inputs[2]):
        raise UserError(subject, "a type given without a constant zero point", "a zero point", "Export again.")
    bits, signed, narrow = _range(subject, zero.dtype if zero is not None else np.dtype(np.uint8), clip)

    def build(r: Replacement) -> ir.Value:
        points = np.zeros(1) if zero is None else zero
        operands = [
            r.const(_shaped(array, quantise, source), hint) for array, hint in ((scale, "scale"), (points, "point"))
        ]
        attributes: dict[str, int | str] = {
            "signed": int(signed),
            "narrow": int(narrow),
            "rounding_mode": "ROUND",
            ROUNDS_FIRST: 1,
        }
        node = ir.node(
            "Quant",
            [source, *operands, r.const(float(bits), "bits")],
            attributes=attributes,
            domain="qonnx.custom_op.general",
        )
        node.outputs[0].name = f"{dequantise.outputs[0].name}/quant"
        graph.insert_before(dequantise, [node])
        r.nodes.append(node)
        return node.outputs[0]

    replace(graph, dequantise, build)
    graph.opset_imports["qonnx.custom_op.general"] = 1


def _shaped(array: np.ndarray, quantise: ir.Node, source: ir.Value) -> np.ndarray:
    """A scale or zero point; one for each channel with the axes that make it broadcast."""
    if np.all(array == array.flat[0]):
        return np.asarray(array.ravel()[0], np.float32)
    if source.shape is None:
        subject = f"QuantizeLinear of {source.name!r}"
        raise UserError(subject, "a scale or zero point per channel", "one", "Quantise per tensor.")
    axis = quantise.attributes["axis"].as_int() if "axis" in quantise.attributes else 1
    shape = [1] * len(source.shape)
    shape[axis] = array.size
    return array.reshape(shape).astype(np.float32)


def _range(subject: str, dtype: np.dtype[Any], clip: ir.Node | None) -> tuple[int, bool, bool]:
    """Bits, signedness and narrowness from the integer type and the Clip."""
    if dtype.kind not in "iu":
        raise UserError(subject, f"the integer type {dtype}", "8, 16 or 32 bits", "Use a plain bit width.")
    info = np.iinfo(dtype)
    lo, hi = int(info.min), int(info.max)
    if clip is not None:
        low, high = _array(clip, 1), _array(clip, 2)
        lo = lo if low is None else max(lo, int(low.ravel()[0]))
        hi = hi if high is None else min(hi, int(high.ravel()[0]))
    signed = lo < 0
    bits = max(hi, 1).bit_length() + signed
    if lo in (0, -(1 << (bits - 1)), 1 - (1 << (bits - 1))) and hi == (1 << (bits - signed)) - 1:
        return bits, signed, signed and lo == -hi
    raise UserError(subject, f"the integer range [{lo}, {hi}]", "the range of a bit width", "Use a plain bit width.")


def _producer(node: ir.Node | None, op_type: str) -> ir.Node | None:
    value = node.inputs[0] if node is not None else None
    producer = value.producer() if value is not None else None
    return producer if producer is not None and producer.op_type == op_type else None


def _array(node: ir.Node, index: int) -> np.ndarray | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    return None if value is None or value.const_value is None else value.const_value.numpy()
