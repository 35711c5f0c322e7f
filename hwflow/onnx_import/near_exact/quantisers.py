"""Quantisers that a model left out: in front of products, and at the output.

A float product of real functions has no integer form. Sixteen bits over the observed range cost far less than what the
model's own quantisers of 8 bits take away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.queries import MOVEMENT, array_of, is_narrow, operand
from hwflow.onnx_import.near_exact.ranges import exponent
from hwflow.onnx_import.quantiser import is_quant
from hwflow.onnx_import.rewrite import Replacement

_PRODUCTS = ("MatMul", "Conv")


def insert_quantisers(context: Context) -> None:
    """Rewrite in place."""
    readers: dict[ir.Value, list[ir.Node]] = {}
    for node in context.graph:
        for value in dict.fromkeys(v for v in node.inputs if v is not None and node.op_type in _PRODUCTS):
            if array_of(value) is None and not is_narrow(value, context.options.activation_bits):
                readers.setdefault(value, []).append(node)
    for value in context.graph.outputs:
        if not _is_quantised(value):
            readers[value] = [use.node for use in value.uses()]
    for value, nodes in readers.items():
        signed = bool(np.any(context.ranges.observe(value) < 0))
        quantise_value(context, value, nodes, context.options.activation_bits, signed)


def _is_quantised(value: ir.Value) -> bool:
    """Whether a quantiser made a value, movements and limits left out."""
    node = value.producer()
    while node is not None and node.op_type in MOVEMENT | {"Clip", "Relu"}:
        node = operand(node).producer()
    return node is not None and is_quant(node)


def quantise_value(context: Context, value: ir.Value, readers: Sequence[ir.Node], bits: int, signed: bool) -> None:
    """Put a power-of-two quantiser over the observed range between a value and some of its readers."""
    top = exponent(context.ranges.magnitude(value) * context.options.margin)
    r = Replacement(context.graph, context.graph[0])
    quantised = r.quant(value, 2.0 ** (top + signed - bits), bits, signed=signed)
    quantised.name, quantised.shape, quantised.dtype = f"{value.name}/quantised", value.shape, ir.DataType.FLOAT
    for reader in readers:
        for index, read in enumerate(reader.inputs):
            if read is value:
                reader.replace_input_with(index, quantised)
    if value.is_graph_output():
        context.graph.outputs[:] = [quantised if v is value else v for v in context.graph.outputs]
        value.name, quantised.name = f"{value.name}/float", value.name
    context.graph.sort()
    context.note(r.nodes[-1], f"inserted, {bits} bits up to 2^{top}")
