"""Reads an ONNX file that may come from a stranger: everything is checked before anything is computed.

Rules:
 1. The file is small enough and parses as ONNX.
 2. Data outside the file must be plain files in the model's own folder (links are refused) and is inlined.
 3. No functions, subgraphs or sparse initialisers; bounded node count, ranks and element counts.
 4. Graph inputs have static shapes; every node input exists; the graph has no cycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits


def load_model(path: Path, limits: Limits = LIMITS) -> ir.Model:
    """The checked model of an ONNX file, nodes in topological order.

    Raises UserError that names the file and what in it is wrong.
    """
    model = _parse(path, limits)
    _check_external(model, path)
    _check_size(model, limits)
    _check_inputs(model, limits)
    _check_wiring(model)
    return model


def _parse(path: Path, limits: Limits) -> ir.Model:
    if not path.is_file():
        raise UserError(str(path), "no such file", "an ONNX file", "Check the path.")
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise UserError(str(path), f"{size} bytes", f"at most {limits.file_bytes} bytes", "Use a smaller model.")
    try:
        model = ir.load(path)
    except Exception as error:  # protobuf, onnx-ir and numpy each raise their own kinds on foreign bytes
        raise UserError(
            str(path), f"not a readable ONNX model ({_first_line(error)})", "an ONNX file", "Export the model again."
        ) from error
    if not model.graph.outputs:
        raise UserError(str(path), "no graph outputs", "an ONNX model", "Export the model again.")
    return model


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _check_external(model: ir.Model, path: Path) -> None:
    """Rule 2. onnx-ir itself refuses absolute paths and ``..``."""
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if isinstance(tensor, ir.ExternalTensor):
            file = path.parent / tensor.location
            if file.is_symlink() or not file.is_file() or file.stat().st_nlink > 1:
                raise UserError(
                    f"initialiser {value.name!r}",
                    f"data in {tensor.location!r}, which is missing or a link",
                    "a plain file beside the model",
                    "Save the model with its data inside.",
                )
    try:
        ir.external_data.load_to_model(model)
    except Exception as error:
        raise UserError(
            str(path), f"unreadable external data ({_first_line(error)})", "data beside the model", "Inline the data."
        ) from error


def _check_size(model: ir.Model, limits: Limits) -> None:
    graph = model.graph
    if model.functions:
        raise UserError("model", f"{len(model.functions)} local functions", "none", "Inline functions on export.")
    if len(graph) > limits.nodes:
        raise UserError("model", f"{len(graph)} nodes", f"at most {limits.nodes}", "Use a smaller model.")
    if any(attr.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for attr in _attributes(graph)):
        raise UserError("model", "control flow (If, Loop or Scan)", "a plain graph", "Export without control flow.")
    parameters = 0
    for value in graph.initializers.values():
        if value.const_value is None:  # a sparse initialiser, which onnx-ir does not read
            raise UserError(f"initialiser {value.name!r}", "no dense data", "dense data", "Export the model again.")
        if value.const_value.size:
            limits.check_shape(f"initialiser {value.name!r}", [int(n) for n in value.const_value.shape])
        parameters += value.const_value.size
    if parameters > limits.parameters:
        raise UserError("model", f"{parameters} parameters", f"at most {limits.parameters}", "Use a smaller model.")


def _attributes(graph: ir.Graph) -> Iterator[ir.Attr]:
    return (attr for node in graph for attr in node.attributes.values())


def _check_inputs(model: ir.Model, limits: Limits) -> None:
    for value in model.graph.inputs:
        if value.name in model.graph.initializers:
            continue
        dims = list(value.shape) if value.shape is not None else None
        if dims is None or any(not isinstance(n, int) for n in dims):
            found = "no shape" if dims is None else f"shape [{', '.join(map(str, dims))}]"
            raise UserError(
                f"input {value.name!r}", f"{found}, not static", "static sizes", "Export with a fixed batch of 1."
            )
        limits.check_shape(f"input {value.name!r}", [int(n) for n in dims if isinstance(n, int)])


def _check_wiring(model: ir.Model) -> None:
    """Rule 4: every input is a graph input, an initialiser with data, or another node's output; no cycle."""
    graph = model.graph
    known = set(graph.inputs)
    for node in graph:
        for value in node.inputs:
            if value is None or value in known or value.producer() is not None:
                continue
            if value.const_value is None:
                raise UserError(
                    f"node {node.name!r} ({node.op_type})",
                    f"input {value.name!r} that nothing defines",
                    "an initialiser, a graph input or a node's output",
                    "The initialiser is missing: export the model again.",
                )
    try:
        graph.sort()
    except ValueError as error:
        raise UserError("graph", "a cycle", "a directed acyclic graph", "Export the model again.") from error
