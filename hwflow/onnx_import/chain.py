"""Tabulates a unary chain: runs exactly its ONNX nodes in onnxruntime over every integer of its source."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.ir.ops.table import table_inputs
from hwflow.ir.types import FixedType
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.session import run_bounded, session_of

MOVEMENT = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Gather"})
MAX_NODES = 256  # a longer chain is no activation function, and each of its tables would run all of it


def tabulate(
    model: ir.Model, source: str, end: ir.Value, type: FixedType, frac: int, wide: Collection[str] = ()
) -> NDArray[np.float64]:
    """Entries, in address order, of the chain from the value named ``source`` to the quantised value ``end``.

    Returns integers at ``frac`` fraction bits as float64: NaN where the function is not defined,
    and at zero if the sign of zero matters.
    ``wide``: the values that golden.onnx computes in double.
    """
    chain = _extract(model, source, end)
    lower(chain, wide)
    reals = np.append(table_inputs(type).astype(np.float64) * type.step, -0.0)
    feeds = {source: reals.astype(np.float32)}
    (quantised,) = run_bounded(session_of(chain), None, feeds, f"the table of {end.name!r}")
    entries = np.asarray(np.rint(quantised.astype(np.float64).ravel() * 2.0**frac))
    if type.signed and entries[0] != entries[-1]:  # 1 / x: a quantiser rounds a small negative number to -0
        entries[0] = np.nan
    return entries[:-1]


def _extract(model: ir.Model, source: str, end: ir.Value) -> ir.Model:
    """The chain as a model of its own with one flat input; nodes that only move elements are left out."""
    start = ir.Value(name=source, shape=ir.Shape([None]), type=ir.TensorType(ir.DataType.FLOAT))
    clones: dict[ir.Value, ir.Value] = {}
    nodes: list[ir.Node] = []
    constants: dict[str | None, ir.Value] = {}
    for value in _behind(source, end):
        node = value.producer()
        if value.name == source:
            clones[value] = start
        elif node is None:
            clones[value] = constants[value.name] = _constant(value)
        elif node.op_type in MOVEMENT:
            clones[value] = clones[node.inputs[0]]  # type: ignore[index]
        else:
            inputs = [None if v is None else clones[v] for v in node.inputs]
            made = ir.Node(node.domain, node.op_type, inputs, list(node.attributes.values()), num_outputs=1)
            made.outputs[0].name = value.name
            clones[value] = made.outputs[0]
            nodes.append(made)
    output = clones[end]
    output.dtype = ir.DataType.FLOAT
    opsets = dict(model.graph.opset_imports)
    graph = ir.Graph([start], [output], nodes=nodes, initializers=list(constants.values()), opset_imports=opsets)
    return ir.Model(graph, ir_version=model.ir_version)


def _behind(source: str, end: ir.Value) -> list[ir.Value]:
    """The values from the source to the end, each after those that it is computed from."""
    order: dict[ir.Value, None] = {}
    waiting = [end]
    while waiting:
        value = waiting[-1]
        missing = [v for v in _operands(source, value) if v not in order]
        if value in order or not missing:
            order[waiting.pop()] = None
        else:
            waiting += missing
        if len(order) + len(waiting) > MAX_NODES:
            raise Unsupported(f"it ends a function of over {MAX_NODES} values; quantise in between")
    return list(order)


def _operands(source: str, value: ir.Value) -> list[ir.Value]:
    node = value.producer()
    if node is None or value.name == source:
        return []
    operands = node.inputs[:1] if node.op_type in MOVEMENT else node.inputs
    return [v for v in operands if v is not None]


def _constant(value: ir.Value) -> ir.Value:
    copy = ir.Value(name=value.name, const_value=value.const_value)
    copy.shape, copy.type = value.shape, value.type
    return copy
