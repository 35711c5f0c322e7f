"""An ONNX file made ready for the reference evaluator: what is needed, in order, with its defaults written out."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from hwflow.errors import UserError
from hwflow.oracle.qonnx_ops import DOMAINS

_SUBGRAPHS = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def read(model: bytes | str | Path | onnx.ModelProto) -> onnx.ModelProto:
    """The model, its external data loaded. UserError for what is no ONNX, or has control flow or functions."""
    if isinstance(model, onnx.ModelProto):
        proto = onnx.ModelProto()
        proto.CopyFrom(model)
    else:
        try:
            proto = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(str(model))
        except Exception as error:  # protobuf, the file system and the checker of external data raise what they like
            found = f"no readable ONNX ({type(error).__name__}: {str(error)[:200]})"
            raise UserError("model", found, "an ONNX file", "Export it again.") from error
    flow = [n for n in proto.graph.node if any(a.type in _SUBGRAPHS for a in n.attribute)]
    if flow or proto.functions:
        found = f"{flow[0].op_type} with a graph inside" if flow else "local functions"
        raise UserError("model", found, "a plain graph", "Export without control flow and functions.")
    return proto


def port(value: onnx.ValueInfoProto) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an input; an axis with a name is a batch, and one inference at a time is run."""
    kind = value.type.tensor_type
    shape = tuple(d.dim_value or 1 for d in kind.shape.dim)
    return shape, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))


def prepare(proto: onnx.ModelProto, wanted: Collection[str]) -> onnx.ModelProto:
    """The nodes behind the ``wanted`` values in topological order; annotations of the file are left out."""
    graph = proto.graph
    version = max((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), default=1)
    nodes = _sorted(graph, wanted)
    read = {name for node in nodes for name in node.input} | set(wanted)
    ready = onnx.ModelProto(ir_version=proto.ir_version)
    ready.graph.name = graph.name or "model"
    ready.graph.node.extend(nodes)
    ready.graph.input.extend(v for v in graph.input if v.name in read)
    ready.graph.initializer.extend(t for t in graph.initializer if t.name in read)
    for node in ready.graph.node:
        node.domain = "" if node.domain == "ai.onnx" else node.domain
        if node.domain == "":
            _write_defaults(node, version)
    others = {o.domain: o.version for o in proto.opset_import if o.domain not in ("", "ai.onnx")}
    for domain, number in {"": version, **dict.fromkeys(DOMAINS, 1), **others}.items():
        ready.opset_import.add(domain=domain, version=number)
    return ready


def _sorted(graph: onnx.GraphProto, wanted: Collection[str]) -> list[onnx.NodeProto]:
    maker = {name: index for index, node in enumerate(graph.node) for name in node.output if name}
    needed, open = dict[int, set[int]](), [maker[name] for name in wanted if name in maker]
    while open:
        index = open.pop()
        if index not in needed:
            needed[index] = {maker[name] for name in graph.node[index].input if name in maker}
            open.extend(needed[index])
    try:
        return [graph.node[index] for index in TopologicalSorter(dict(sorted(needed.items()))).static_order()]
    except CycleError as error:
        raise UserError("graph", "a cycle", "a directed acyclic graph", "Export the model again.") from error


def _write_defaults(node: onnx.NodeProto, version: int) -> None:
    """Defaults of the file's own operator set where the newest, which the reference evaluator takes, has others."""
    try:
        own, newest = onnx.defs.get_schema(node.op_type, version), onnx.defs.get_schema(node.op_type)
    except onnx.defs.SchemaError:
        return
    given = {attribute.name for attribute in node.attribute}
    for name, attribute in own.attributes.items():
        other = newest.attributes.get(name)
        if name not in given and other is not None and attribute.default_value != other.default_value:
            node.attribute.append(attribute.default_value)
