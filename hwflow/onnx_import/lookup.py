"""Puts the tables of the integer graph into golden.onnx in place of the functions that they are the values of.

A table is ``Gather`` of a constant by the integer that its source is: ``source * 2**frac - first``. So no runtime
computes a function, and golden.onnx gives the same bits at any length of a tensor, on any processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.onnx_import.chain import moves
from hwflow.onnx_import.rewrite import Replacement, replace

FLOAT32_BITS = 24


@dataclass(frozen=True, slots=True)
class ChainTable:
    """The values of a chain: ``values[i]`` where its source, the ONNX value of that name, is ``(first + i) / 2**frac``.

    ``bits``: width of the quantiser at its end.
    """

    source: str
    first: int
    frac: int
    bits: int
    values: NDArray[np.float64]


def place_tables(model: ir.Model, tables: Mapping[str, ChainTable]) -> None:
    """Replace, in place, the quantisers that end a chain (by the name of what they put out); names stay."""
    sources = {v.name: v for v in (*model.graph.inputs, *(o for node in model.graph for o in node.outputs))}
    for node in list(model.graph):
        table = tables.get(node.outputs[0].name or "") if node.outputs else None
        if table is not None:
            sources[node.outputs[0].name] = _place(model.graph, node, table, sources[table.source])


def _place(graph: ir.Graph, node: ir.Node, table: ChainTable, source: ir.Value) -> ir.Value:
    is_wide = table.bits > FLOAT32_BITS

    def build(r: Replacement) -> ir.Value:
        value = source
        for move in moves(table.source, node.outputs[0]):
            value = _moved(r, move, value)
        whole = r.op("Mul", value, r.const(float(2.0**table.frac), "steps"))
        index = r.op("Cast", r.op("Sub", whole, r.const(float(table.first), "first")), to=int(ir.DataType.INT64))
        values = table.values if is_wide else table.values.astype(np.float32)
        return r.op("Gather", r.const(values, "table"), index)

    output = replace(graph, node, build)
    output.type = ir.TensorType(ir.DataType.DOUBLE if is_wide else ir.DataType.FLOAT)
    return output


def _moved(r: Replacement, move: ir.Value, value: ir.Value) -> ir.Value:
    """The movement that puts out ``move``, of another value."""
    node, index = move.producer(), move.index()
    assert node is not None and index is not None
    return r.copy(node, [value, *node.inputs[1:]], index)
