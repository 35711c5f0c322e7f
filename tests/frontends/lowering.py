"""A tiny lowering of QONNX to standard ops, for tests alone: Quant becomes Div, Round, Clip, Mul."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

from hwflow.oracle import Oracle


def constants(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    """Every initialiser and constant of the graph by name."""
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def quant_nodes(graph: onnx.GraphProto) -> list[NodeProto]:
    return [node for node in graph.node if node.op_type == "Quant"]


def limits(node: NodeProto, bits: float) -> tuple[float, float]:
    """Smallest and largest integer of a Quant node."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    assert attributes["rounding_mode"] in (b"ROUND", "ROUND")
    if not attributes["signed"]:
        return 0.0, 2.0**bits - 1
    return -(2.0 ** (bits - 1)) + attributes["narrow"], 2.0 ** (bits - 1) - 1


def lower(model: onnx.ModelProto, batch: int) -> onnx.ModelProto:
    """The same model in standard ops, for a batch of ``batch`` samples."""
    lowered = onnx.ModelProto()
    lowered.CopyFrom(model)
    graph, values = lowered.graph, constants(model.graph)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += _quant(graph, node, values) if node.op_type == "Quant" else [node]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    inputs = [value for value in graph.input if value.name not in values]
    del graph.input[:]
    graph.input.extend(inputs)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    del lowered.opset_import[:]
    lowered.opset_import.append(helper.make_opsetid("", 17))
    return lowered


def _quant(graph: onnx.GraphProto, node: NodeProto, values: dict[str, NDArray[Any]]) -> list[NodeProto]:
    x, scale, zero_point, bits = node.input
    assert np.all(values[zero_point] == 0)
    out = node.output[0]
    low, high = (f"{out}/low", f"{out}/high")
    dtype = values[scale].dtype
    for name, value in zip((low, high), limits(node, float(values[bits])), strict=True):
        graph.initializer.append(numpy_helper.from_array(np.array(value, dtype), name))
    return [
        helper.make_node("Div", [x, scale], [f"{out}/div"]),
        helper.make_node("Round", [f"{out}/div"], [f"{out}/round"]),
        helper.make_node("Clip", [f"{out}/round", low, high], [f"{out}/clip"]),
        helper.make_node("Mul", [f"{out}/clip", scale], [out]),
    ]


FUNCTIONS = frozenset({"Exp", "Log", "Sqrt", "Reciprocal", "Tanh", "Sigmoid", "Erf", "Softplus", "Softsign", "Softmax"})


def has_functions(model: onnx.ModelProto) -> bool:
    """Whether it computes real functions, which onnxruntime approximates as the processor allows."""
    return any(node.op_type in FUNCTIONS for node in model.graph.node)


def run(path: Path, inputs: NDArray[Any], *, optimise: bool = True) -> NDArray[Any]:
    """Outputs of the lowered QONNX file under onnxruntime; if it has real functions, by the independent oracle."""
    model = onnx.load(path)
    if has_functions(model):
        lowered = lower(model, len(inputs))
        return np.asarray(Oracle(lowered).run({"input": inputs})[lowered.graph.output[0].name])
    options = ort.SessionOptions()
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimise else level.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    serialised = lower(model, len(inputs)).SerializeToString()
    session = ort.InferenceSession(serialised, options, providers=["CPUExecutionProvider"])
    outputs: list[NDArray[Any]] = session.run(None, {"input": inputs})
    return outputs[0]
