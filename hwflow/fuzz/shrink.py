"""Steps that make an ONNX graph smaller. Each yields candidates, largest cuts first; not all of them make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

_FLOAT = onnx.TensorProto.FLOAT
_PLAIN_OPSET = 17


def live(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without nodes, constants and inputs that no output needs."""
    needed = {value.name for value in model.graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(list(model.graph.node)):
        if needed & set(node.output):
            kept.append(node)
            needed.update(node.input)
    for field, some in (
        ("node", kept[::-1]),
        ("initializer", [t for t in model.graph.initializer if t.name in needed]),
        ("input", [v for v in model.graph.input if v.name in needed]),
    ):
        stored = [type(each).FromString(each.SerializeToString()) for each in some]
        model.graph.ClearField(field)
        getattr(model.graph, field).extend(stored)
    return model


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copied: onnx.ModelProto = onnx.ModelProto.FromString(model.SerializeToString())
    return copied


def earlier_outputs(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """One inner value, or one of the outputs, as the only output."""
    names = [name for node in model.graph.node for name in node.output]
    for name in [*names, *(value.name for value in model.graph.output)]:
        if len(model.graph.output) > 1 or name != model.graph.output[0].name:
            other = _copy(model)
            other.graph.ClearField("output")
            other.graph.output.append(helper.make_tensor_value_info(name, _FLOAT, None))
            other.ClearField("metadata_props")
            yield other


def fewer_outputs(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """All outputs but one."""
    for index in range(len(model.graph.output)):
        if len(model.graph.output) > 1:
            other = _copy(model)
            del other.graph.output[index]
            other.ClearField("metadata_props")
            yield other


def without_a_node(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Readers of a node read one of its operands instead."""
    for index, node in enumerate(model.graph.node):
        for operand in dict.fromkeys(node.input):
            if operand:
                other = _copy(model)
                _read_instead(other, set(node.output), operand)
                del other.graph.node[index]
                yield other


def _read_instead(model: onnx.ModelProto, old: set[str], new: str) -> None:
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name in old:
                node.input[place] = new
    for value in model.graph.output:
        if value.name in old:
            value.name = new


def cut_at_quantisers(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """A quantiser reads a new input of its shape."""
    shapes = _shapes(model)
    ports = {value.name for value in model.graph.input}
    for index, node in reversed(list(enumerate(model.graph.node))):
        if node.op_type in ("Quant", "IntQuant", "QuantizeLinear") and node.input[0] not in ports:
            shape = shapes.get(node.input[0])
            if shape is not None:
                other = _copy(model)
                name = f"cut_{node.output[0]}"
                other.graph.node[index].input[0] = name
                other.graph.input.append(helper.make_tensor_value_info(name, _FLOAT, shape))
                yield other


def _shapes(model: onnx.ModelProto) -> dict[str, list[int]]:
    """By ONNX's own inference, to which a quantiser is like Identity."""
    plain = _copy(model)
    for node in plain.graph.node:
        if node.op_type in ("Quant", "IntQuant"):
            first = node.input[0]
            node.ClearField("input")
            node.ClearField("attribute")
            node.input.append(first)
            node.op_type, node.domain = "Identity", ""
    try:
        inferred = onnx.shape_inference.infer_shapes(plain, data_prop=True)
    except Exception:  # a candidate that makes no sense
        return {}
    values = [*inferred.graph.value_info, *inferred.graph.input]
    return {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}


def smaller_axes(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """A size becomes a smaller one wherever it stands: in inputs, constants, and shapes that are constants."""
    sizes = {d.dim_value for v in model.graph.input for d in v.type.tensor_type.shape.dim}
    sizes |= {n for t in model.graph.initializer for n in t.dims}
    for size in sorted(sizes - {0, 1}, reverse=True):
        for smaller in dict.fromkeys((1, 2, size // 2, size - 1)):
            if 0 < smaller < size:
                other = _copy(model)
                _resize(other, size, smaller)
                yield other


def _resize(model: onnx.ModelProto, size: int, smaller: int) -> None:
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value == size:
                dim.dim_value = smaller
    tensors = [*model.graph.initializer, *(a.t for n in model.graph.node for a in n.attribute if a.HasField("t"))]
    for tensor in tensors:
        array = numpy_helper.to_array(tensor)
        cut = array[tuple(slice(smaller) if n == size else slice(None) for n in array.shape)]
        if array.dtype == np.int64:
            cut = np.where(cut == size, smaller, cut)
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(cut), tensor.name))


def plainer_constants(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Floats become 0, 1 or all alike; a constant that is a node becomes an initialiser; a plain operator set."""
    for index, node in enumerate(model.graph.node):
        if node.op_type == "Constant":
            other = _copy(model)
            tensor = other.graph.initializer.add()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            del other.graph.node[index]
            yield other
    for index, tensor in enumerate(model.graph.initializer):
        array = numpy_helper.to_array(tensor)
        for plain in (np.zeros_like(array), np.ones_like(array), np.full_like(array, array.flat[0])):
            if array.dtype == np.float32 and not np.array_equal(plain, array) and _plainness(plain) < _plainness(array):
                other = _copy(model)
                other.graph.initializer[index].CopyFrom(numpy_helper.from_array(plain, tensor.name))
                yield other
    for entry in model.opset_import:
        if entry.domain == "" and entry.version != _PLAIN_OPSET:
            other = _copy(model)
            next(e for e in other.opset_import if e.domain == "").version = _PLAIN_OPSET
            yield other


def _plainness(array: np.ndarray) -> int:
    """0 for zeros, 1 for ones, 2 for one number, 3 for others: steps only go down."""
    if not np.any(array):
        return 0
    return 1 if np.all(array == 1) else 2 if np.all(array == array.flat[0]) else 3


Step = Callable[[onnx.ModelProto], Iterator[onnx.ModelProto]]
STEPS: tuple[Step, ...] = (
    earlier_outputs, fewer_outputs, cut_at_quantisers, without_a_node, smaller_axes, plainer_constants,
)  # fmt: skip
