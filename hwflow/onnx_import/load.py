"""Reads an ONNX file that may come from a stranger: everything is checked before anything is computed.

Rules:
 1. The file is small enough and parses as ONNX.
 2. No functions, subgraphs or sparse tensors; bounded node count, ranks, element counts and parameters.
 3. Data outside the file must be plain files in the model's own folder (links are refused) and is inlined.
 4. Every name is given once, every node input exists, and the graph has no cycle.
 5. Nodes have as many operands, and attributes of such types, as their op is defined with.
 6. Graph inputs are float32, or integers that name rows of a table, with static shapes; a
    first axis that only has a name is the batch, of 1. Shapes, annotations and notes
    that the file adds are dropped, all but its states (``hwflow.onnx_import.states``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnx_ir as ir
from google.protobuf.message import DecodeError

from hwflow.bounded import run_in_child
from hwflow.errors import UserError
from hwflow.files import read_bytes
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.node_form import check_forms
from hwflow.onnx_import.opset import OLDEST
from hwflow.onnx_import.ports import STATES
from hwflow.onnx_import.tensor_data import element_count, read_data

_AGAIN = "Export the model again."
_SMALLER = "Use a smaller model."
_INPUT_TYPES = (onnx.TensorProto.FLOAT, onnx.TensorProto.INT32, onnx.TensorProto.INT64)
_BAD_ATTRIBUTES = {
    onnx.AttributeProto.GRAPH: "control flow (If, Loop or Scan)",
    onnx.AttributeProto.GRAPHS: "control flow (If, Loop or Scan)",
    onnx.AttributeProto.SPARSE_TENSOR: "a sparse tensor",
    onnx.AttributeProto.SPARSE_TENSORS: "sparse tensors",
}


def load_model(path: Path, limits: Limits = LIMITS) -> ir.Model:
    """The checked model of an ONNX file, nodes in topological order.

    Raises UserError that names the file, node or tensor and what in it is wrong.
    """
    if not path.is_file():
        raise UserError(str(path), "no such file", "an ONNX file", "Check the path.")
    proto = checked_proto(path, read_bytes(path, "an ONNX file", _SMALLER, limits.file_bytes, named=True), limits)
    for tensor in _tensors(proto.graph):
        read_data(tensor, path.parent)
    _drop_claims(proto)
    return _to_ir(proto, path)


def checked_proto(path: Path, data: bytes, limits: Limits = LIMITS) -> onnx.ModelProto:
    """The content of a file, checked by all rules that need no data. Raises UserError."""
    proto = _parse(path, data, limits)
    _check_graph(proto, limits)
    _check_text(proto)
    _check_names(proto.graph)
    _check_inputs(proto.graph, limits)
    check_forms(proto)
    return proto


def _parse(path: Path, data: bytes, limits: Limits) -> onnx.ModelProto:
    if len(data) > limits.model_bytes:  # two bytes of a file can be a node of a hundred bytes
        run_in_child(lambda: _is_model(data), str(path))
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise UserError(str(path), f"not an ONNX model ({_first_line(error)})", "an ONNX file", _AGAIN) from error
    if not model.graph.output:
        raise UserError(str(path), "no graph outputs", "an ONNX model", _AGAIN)
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST <= opset <= newest:
        raise UserError(
            str(path), f"operator set {opset}", f"{OLDEST} to {newest}", "Export with another operator set."
        )
    return model


def _is_model(data: bytes) -> bool:
    try:
        return bool(onnx.ModelProto.FromString(data).graph.output)
    except DecodeError:
        return False


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _check_graph(model: onnx.ModelProto, limits: Limits) -> None:
    """Rule 2."""
    graph = model.graph
    if model.functions:
        raise UserError("model", f"{len(model.functions)} local functions", "none", "Inline functions on export.")
    if len(graph.node) > limits.nodes:
        raise UserError("model", f"{len(graph.node)} nodes", f"at most {limits.nodes}", "Use a smaller model.")
    if graph.sparse_initializer:
        name = graph.sparse_initializer[0].values.name
        raise UserError(f"initialiser {name!r}", "sparse data", "dense data", "Export with dense tensors.")
    for node in graph.node:
        for attribute in node.attribute:
            found = (
                "a reference to a function's attribute"
                if attribute.ref_attr_name
                else _BAD_ATTRIBUTES.get(attribute.type)
            )
            if found:
                raise UserError(_label(node), found, "a plain graph", "Export without it.")
    parameters = sum(element_count(tensor, limits) for tensor in _tensors(graph))
    if parameters > limits.parameters:
        raise UserError("model", f"{parameters} parameters", f"at most {limits.parameters}", "Use a smaller model.")


def _label(node: onnx.NodeProto) -> str:
    return f"node {node.name or ', '.join(node.output)!r} ({node.op_type})"


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor with data: initialisers and attributes."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _check_names(graph: onnx.GraphProto) -> None:
    """Rule 4, but for the cycle. An initialiser may be listed as an input too."""
    constants = Counter(tensor.name for tensor in graph.initializer)
    ports = Counter(value.name for value in graph.input)
    computed = Counter(name for node in graph.node for name in node.output if name)
    given = computed + (ports | constants)
    twice = [name for counts in (constants, ports, given) for name, count in counts.items() if count > 1]
    if twice or "" in given:
        found = f"value {twice[0]!r} defined twice" if twice else "a value without a name"
        raise UserError("graph", found, "one definition of each value", _AGAIN)
    for node in graph.node:
        for name in node.input:
            if name and name not in given:
                raise UserError(
                    _label(node), f"input {name!r} that nothing defines",
                    "an initialiser, a graph input or a node's output",
                    f"The initialiser is missing: {_AGAIN[0].lower()}{_AGAIN[1:]}",
                )  # fmt: skip
    for value in graph.output:
        if value.name not in given:
            raise UserError(f"output {value.name!r}", "a value that nothing defines", "a node's output", _AGAIN)


def _check_text(model: onnx.ModelProto) -> None:
    """Texts are UTF-8: protobuf does not see to it, and hands out bytes for what is not."""
    graph = model.graph
    texts = [value.name for value in (*graph.input, *graph.output)]
    texts += [entry.domain for entry in model.opset_import]
    for tensor in _tensors(graph):
        texts += [tensor.name, *(text for entry in tensor.external_data for text in (entry.key, entry.value))]
    for node in graph.node:
        texts += [node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute)]
    if bad := [text for text in texts if not isinstance(text, str)]:
        raise UserError("model", f"the name {bad[0]!r}", "UTF-8 text", _AGAIN)


def _check_inputs(graph: onnx.GraphProto, limits: Limits) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        if value.name in constants:
            continue
        subject, type = f"input {value.name!r}", value.type.tensor_type
        if type.elem_type not in _INPUT_TYPES:
            found = onnx.TensorProto.DataType.Name(type.elem_type) if type.elem_type in range(1, 24) else "no tensor"
            raise UserError(
                subject, f"elements of type {found}", "FLOAT, or INT64 of tokens", "Export with float32 inputs."
            )
        if type.shape.dim and type.shape.dim[0].dim_param:
            type.shape.dim[0].dim_value = 1  # the batch
        dims = [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in type.shape.dim]
        if not type.HasField("shape") or any(isinstance(n, str) for n in dims):
            found = f"shape [{', '.join(map(str, dims))}]" if type.HasField("shape") else "no shape"
            raise UserError(subject, f"{found}, not static", "static sizes", "Export with a fixed batch of 1.")
        if not dims:
            raise UserError(subject, "no axes", "at least one axis", "Export the model with a batch axis of 1.")
        limits.check_shape(subject, [int(n) for n in dims])


def _drop_claims(model: onnx.ModelProto) -> None:
    """Rule 6: what a model says about itself is found out again, not believed; only its states cannot be."""
    graph, states = model.graph, [entry.value for entry in model.metadata_props if _is_states(entry)]
    for message, fields in (
        (model, ("metadata_props", "doc_string", "training_info")),
        (graph, ("metadata_props", "doc_string", "value_info", "quantization_annotation")),
        *((node, ("metadata_props", "doc_string")) for node in graph.node),
    ):
        for field in fields:
            message.ClearField(field)
    for text in states[:1]:
        model.metadata_props.add(key=STATES, value=text)
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


def _is_states(entry: onnx.StringStringEntryProto) -> bool:
    return entry.key == STATES and isinstance(entry.value, str)


def _to_ir(proto: onnx.ModelProto, path: Path) -> ir.Model:
    try:
        model = ir.from_proto(proto)
    except Exception as error:  # onnx-ir raises many kinds on data that is ONNX but makes no sense
        raise UserError(
            str(path), f"not a readable ONNX model ({_first_line(error)})", "an ONNX file", _AGAIN
        ) from error
    try:
        model.graph.sort()
    except ValueError as error:
        raise UserError("graph", "a cycle", "a directed acyclic graph", _AGAIN) from error
    return model
