"""Static shapes from ONNX's own inference, before anything is computed: no tensor of the model takes memory for it."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir import serde

from hwflow.bounded import run_in_child
from hwflow.onnx_import.quantiser import is_bipolar, is_quant

_SMALL = 64  # elements of a constant whose values may say a shape
_LONG = 1 << 14  # elements of a vector that take a while to be followed one by one
_MAKERS = frozenset(("ConstantOfShape", "Expand", "Tile", "Range"))  # of vectors out of a few numbers


def static_shapes(model: ir.Model) -> dict[str, tuple[int, ...]]:
    """The shapes that can be known, by value name. A quantiser broadcasts its input against its scale."""
    return {name: shape for name, (shape, _) in static_values(model).items()}


def static_values(model: ir.Model) -> dict[str, tuple[tuple[int, ...], ir.DataType]]:
    """Shape and type of each computed value whose shape can be known."""
    skeleton = _skeleton(model)
    plain = _inferred(skeleton, values=False)
    if plain is None:
        return {}
    if _has_long_vectors(plain.graph):
        inferred = run_in_child(lambda: _inferred(skeleton), "what shapes are computed from")
    else:
        inferred = _inferred(skeleton)
    if inferred is None:
        return {}
    found = {}
    for value in inferred.graph.value_info:
        tensor = value.type.tensor_type
        dims = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in tensor.shape.dim)
        if tensor.HasField("shape") and min(dims, default=0) >= 0:
            found[value.name] = dims, ir.DataType(tensor.elem_type)
    return found


def _inferred(skeleton: onnx.ModelProto, values: bool = True) -> onnx.ModelProto | None:
    """With ``values``, those that shapes are computed from are followed; None for a node that makes no sense."""
    try:
        return onnx.shape_inference.infer_shapes(skeleton, data_prop=values)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return None


def _has_long_vectors(graph: onnx.GraphProto) -> bool:
    """Whether following values could take long: ONNX does so for each element of every vector, known or not."""
    known = {value.name: value.type.tensor_type for value in (*graph.value_info, *graph.input)}
    made = (known.get(node.output[0]) for node in graph.node if node.op_type in _MAKERS)
    if any(tensor is None or not tensor.HasField("shape") for tensor in made):
        return True
    vectors = (tensor.shape.dim[0] for tensor in known.values() if len(tensor.shape.dim) == 1)
    return any(not length.HasField("dim_value") or length.dim_value > _LONG for length in vectors)


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
