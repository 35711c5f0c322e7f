"""Static shapes from ONNX's own inference, before anything is computed: no tensor of the model takes memory for it."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir import serde

from hwflow.onnx_import.quantiser import is_bipolar, is_quant

_SMALL = 64  # elements of a constant whose values may say a shape


def static_shapes(model: ir.Model) -> dict[str, tuple[int, ...]]:
    """The shapes that can be known, by value name. A quantiser broadcasts its input against its scale."""
    return {name: shape for name, (shape, _) in static_values(model).items()}


def static_values(model: ir.Model) -> dict[str, tuple[tuple[int, ...], ir.DataType]]:
    """Shape and type of each computed value whose shape can be known."""
    try:
        inferred = onnx.shape_inference.infer_shapes(_skeleton(model), data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):  # a node that makes no sense
        return {}
    found = {}
    for value in inferred.graph.value_info:
        tensor = value.type.tensor_type
        dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in tensor.shape.dim)
        if tensor.HasField("shape") and min(dims, default=0) >= 0:
            found[value.name] = dims, ir.DataType(tensor.elem_type)
    return found


def _skeleton(model: ir.Model) -> onnx.ModelProto:
    """The nodes, the types of the inputs, and only such constants as may say a shape."""
    graph = model.graph
    nodes = [_node(node) for node in graph]
    inputs = [ir.to_proto(value) for value in graph.inputs if value.name not in graph.initializers]
    constants = []
    for value in graph.initializers.values():
        tensor, name = value.const_value, value.name or ""
        if tensor is not None and tensor.size <= _SMALL:
            constants.append(serde.serialize_tensor(tensor))
            constants[-1].name = name
        elif tensor is not None:
            dims = tensor.numpy().shape
            inputs.append(onnx.helper.make_tensor_value_info(name, tensor.dtype.value, dims))
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in graph.opset_imports.items()]
    made = onnx.helper.make_graph(nodes, "shapes", inputs, [], constants)
    return onnx.helper.make_model(made, opset_imports=opsets)


def _node(node: ir.Node) -> onnx.NodeProto:
    """ONNX does not know quantisers; for shapes it is like Add, since a scale may broadcast."""
    proto = serde.serialize_node(node)  # ``to_proto`` asks for the kind of each, which takes ten times as long
    return (
        onnx.helper.make_node("Add", proto.input[:2], proto.output[:1]) if is_quant(node) or is_bipolar(node) else proto
    )
