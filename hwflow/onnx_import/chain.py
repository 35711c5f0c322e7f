"""Tabulates a unary chain: runs exactly its ONNX nodes in onnxruntime over every integer of its source."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from hwflow.ir.graph import IntArray
from hwflow.ir.ops.table import table_inputs
from hwflow.ir.types import FixedType
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.session import session_of

MOVEMENT = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"})


def tabulate(model: ir.Model, source: str, end: ir.Value, type: FixedType, frac: int) -> IntArray:
    """Entries, in address order, of the chain from the value named ``source`` to the quantised value ``end``.

    Returns integers at ``frac`` fraction bits.
    """
    chain = _extract(model, source, end)
    reals = table_inputs(type).astype(np.float64) * type.step
    feed = chain.graph.inputs[0].name
    (quantised,) = session_of(chain).run(None, {feed: reals.astype(np.float32)})
    return np.rint(quantised.astype(np.float64).ravel() * 2.0**frac).astype(np.int64)


def _extract(model: ir.Model, source: str, end: ir.Value) -> ir.Model:
    """The chain as a model of its own with one flat input; nodes that only move elements are left out."""
    start = ir.Value(name=source, shape=ir.Shape([None]), type=ir.TensorType(ir.DataType.FLOAT))
    clones: dict[ir.Value, ir.Value] = {}
    nodes: list[ir.Node] = []

    def clone(value: ir.Value) -> ir.Value:
        if value.name == source:
            return start
        if value not in clones:
            clones[value] = _copy(value)
        return clones[value]

    def _copy(value: ir.Value) -> ir.Value:
        node = value.producer()
        if node is None:
            copy = ir.Value(name=value.name, const_value=value.const_value)
            copy.shape, copy.dtype = value.shape, value.dtype
            return copy
        if node.op_type in MOVEMENT:
            return clone(node.inputs[0])  # type: ignore[arg-type]
        inputs = [None if v is None else clone(v) for v in node.inputs]
        made = ir.Node(node.domain, node.op_type, inputs, list(node.attributes.values()), num_outputs=1)
        made.outputs[0].name = value.name
        nodes.append(made)
        return made.outputs[0]

    output = clone(end)
    output.dtype = ir.DataType.FLOAT
    constants = [v for v in clones.values() if v.producer() is None and v.const_value is not None]
    graph = ir.Graph(
        [start], [output], nodes=nodes, initializers=_unique(constants), opset_imports=dict(model.graph.opset_imports)
    )
    chain = ir.Model(graph, ir_version=model.ir_version)
    lower(chain)
    return chain


def _unique(values: list[ir.Value]) -> list[ir.Value]:
    return list({v.name: v for v in values}.values())
