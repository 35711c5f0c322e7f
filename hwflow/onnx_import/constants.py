"""Computes nodes of constants so that every processor gets the same bits.

Quantisers, functions and arithmetic of floats go by ``hwflow.numerics``, in the type of their operands. What only
moves, compares or counts is exact anywhere, and runs in onnxruntime; other arithmetic of floats is refused by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.bounded import run_in_child
from hwflow.onnx_import.constant_arithmetic import compute
from hwflow.onnx_import.quantiser import is_quant
from hwflow.onnx_import.session import run_bounded, session_of

Array = NDArray[Any]
_EXACT = frozenset(
    (
        *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Concat", "Expand", "Tile"),
        *("Pad", "Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND", "Where", "Compress", "Trilu"),
        *("DepthToSpace", "SpaceToDepth", "ReverseSequence", "Constant", "ConstantOfShape", "EyeLike", "OneHot"),
        *("Cast", "CastLike", "Dropout", "Range", "Shape", "Size", "NonZero", "IsNaN", "IsInf", "Unique", "TopK"),
        *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor", "ArgMax", "ArgMin"),
        *("ReduceMax", "ReduceMin", "MaxPool", "GlobalMaxPool", "QuantizeLinear"),
    )
)

_SLOW = frozenset(("MaxPool", "ReverseSequence", "Unique"))  # time is not bounded by their sizes, which are checked


def compute_constants(nodes: Sequence[ir.Node], opset_imports: Mapping[str, int]) -> None:
    """Give what the nodes put out, each behind those that it reads, its constant value; not all, but what others read.

    Raises UserError for a node whose arithmetic has no definition, or takes too long.
    """
    waiting: dict[ir.Node, None] = {}
    for node in nodes:
        if not is_quant(node) and node.op_type in _EXACT:
            waiting[node] = None
            continue
        if any(v is not None and v.producer() in waiting for v in node.inputs):
            _run(waiting, opset_imports)
            waiting = {}
        if is_quant(node) or any(_is_float(v) for v in node.inputs):
            _give(node.outputs[0], compute(node, opset_imports))
        else:
            waiting[node] = None
    _run(waiting, opset_imports)


def read_outside(node: ir.Node, nodes: Collection[ir.Node]) -> bool:
    """Whether something else than ``nodes`` reads what the node puts out."""
    output = node.outputs[0]
    return output.is_graph_output() or any(use.node not in nodes for use in output.uses())


def _run(nodes: Collection[ir.Node], opset_imports: Mapping[str, int]) -> None:
    """Run exact nodes together in onnxruntime."""
    if not nodes:
        return
    copies: dict[ir.Value, ir.Value] = {}
    made, constants = list[ir.Node](), list[ir.Value]()
    for node in nodes:
        for value in node.inputs:
            if value is not None and value not in copies:
                copies[value] = ir.Value(name=value.name, const_value=value.const_value)
                constants.append(copies[value])
        inputs = [None if v is None else copies[v] for v in node.inputs]
        made.append(ir.Node(node.domain, node.op_type, inputs, list(node.attributes.values()), num_outputs=1))
        made[-1].outputs[0].name = node.outputs[0].name
        copies[node.outputs[0]] = made[-1].outputs[0]
    wanted = [node.outputs[0] for node in nodes if read_outside(node, nodes)]
    outputs = [copies[v] for v in wanted]
    graph = ir.Graph([], outputs, nodes=made, initializers=constants, opset_imports=dict(opset_imports))
    model = ir.to_proto(ir.Model(graph, ir_version=10)).SerializeToString()

    def run() -> list[Array]:
        return run_bounded(session_of(model, optimise=False), [v.name for v in wanted], {}, "constants")

    apart = any(node.op_type in _SLOW for node in nodes)
    for value, array in zip(wanted, run_in_child(run, "constants") if apart else run(), strict=True):
        _give(value, array)


def _give(value: ir.Value, array: Array) -> None:
    value.const_value = ir.tensor(array)
    value.shape, value.dtype = ir.Shape(array.shape), ir.DataType.from_numpy(array.dtype)


def _is_float(value: ir.Value | None) -> bool:
    return value is not None and value.const_value is not None and value.const_value.dtype.is_floating_point()
