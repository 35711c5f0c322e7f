"""The integer graph as versioned JSON.

Constants are little-endian integers of the smallest width, deflated, in base64: exact, compact and free of code.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
import zlib
from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, IntArray, Node, Op, Tensor
from hwflow.ir.ops import OPS
from hwflow.ir.ops.requantise import Rounding
from hwflow.ir.rounding import PortRounding
from hwflow.ir.seams import SeamError, check_types
from hwflow.ir.types import FixedType
from hwflow.limits import LIMITS

FORMAT = "hwflow-graph"
VERSION = 1
MAX_CONSTANT_BYTES = 1 << 30
_DAMAGED = (
    LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, zlib.error, SeamError,
)  # fmt: skip
_ID = re.compile(r"t[0-9]{1,9}")  # ids become names in generated code


def dumps(graph: Graph) -> str:
    """Deterministic JSON text of a graph."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "tensors": [_tensor(t) for t in graph.tensors.values()],
        "nodes": [{"op": _op(n.op), "inputs": list(n.inputs), "output": n.output} for n in graph.nodes],
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "names": dict(graph.names),
        "orders": {id: list(order) for id, order in graph.orders.items()},
        "roundings": dict(graph.roundings),
        "rows": dict(graph.rows),
    }
    return json.dumps(document, indent=1)


def loads(text: str) -> Graph:
    """The graph of a JSON text; a damaged text is a UserError."""
    try:
        document = json.loads(text)
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ValueError(f"format {document['format']!r} version {document['version']!r}")
        _check_sizes(document["tensors"])
        tensors = {t["id"]: _read_tensor(t) for t in document["tensors"]}
        nodes = tuple(Node(_read_op(n["op"]), tuple(n["inputs"]), n["output"]) for n in document["nodes"])
        names = {str(id): str(name) for id, name in document["names"].items()}
        orders = {str(id): tuple(int(axis) for axis in order) for id, order in document.get("orders", {}).items()}
        ports = tuple(document["inputs"]), tuple(document["outputs"])
        roundings, rows = (dict(document.get(key, {})) for key in ("roundings", "rows"))
        graph = Graph(tensors, nodes, *ports, names, orders, roundings, rows)
        _check(graph)
    except _DAMAGED as error:
        raise UserError(
            "graph JSON", f"a damaged or foreign file ({error})", f"{FORMAT} version {VERSION}", "Build it again."
        ) from error
    return graph


def _check_sizes(tensors: list[dict[str, Any]]) -> None:
    """All of them together, before one is made: deflated, a constant of zeros is nearly nothing."""
    total = sum(math.prod(int(n) for n in tensor["shape"]) for tensor in tensors)
    if total > LIMITS.graph_elements:
        raise ValueError(f"tensors of {total} elements together, over {LIMITS.graph_elements}")


def _check(graph: Graph) -> None:
    """Ids are plain, exist, are computed once and before they are read; every node gives its tensor's shape."""
    constants = {t.id for t in graph.tensors.values() if t.is_constant}
    known = set(graph.inputs) | constants
    if missing := [i for i in known if i not in graph.tensors]:
        raise ValueError(f"tensor {missing[0]} is not defined")
    if odd := [i for i in graph.tensors if not _ID.fullmatch(i)]:
        raise ValueError(f"the id {odd[0]!r}")
    for node in graph.nodes:
        if missing := [i for i in node.inputs if i not in known]:
            raise ValueError(f"{node.output} reads {missing[0]} before it is computed")
        if node.output in known:
            raise ValueError(f"{node.output} is computed twice")
        output = graph.tensors[node.output]
        if tuple(node.op.shape(graph.inputs_of(node))) != output.shape:
            raise ValueError(f"{node.output} has another shape than its op gives")
        known.add(node.output)
    check_types(graph)
    if odd := [i for i, o in graph.orders.items() if sorted(o) != list(range(len(graph.tensors[i].shape)))]:
        raise ValueError(f"the order {graph.orders[odd[0]]} of the axes of {odd[0]}")
    if odd := [i for i, r in graph.roundings.items() if i not in graph.inputs or r not in get_args(PortRounding)]:
        raise ValueError(f"the rounding {graph.roundings[odd[0]]!r} of {odd[0]}")
    if odd := [i for i, n in graph.rows.items() if i not in graph.inputs or not isinstance(n, int) or n < 1]:
        raise ValueError(f"{graph.rows[odd[0]]!r} rows for {odd[0]}")
    if missing := [i for i in graph.outputs if i not in known]:
        raise ValueError(f"output {missing[0]} is not computed")


def _type(type: FixedType) -> list[int]:
    return [int(type.signed), type.width, type.frac]


def _read_type(fields: list[int]) -> FixedType:
    signed, width, frac = fields
    return FixedType(bool(signed), int(width), int(frac))


def _tensor(tensor: Tensor) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": tensor.id, "shape": list(tensor.shape), "type": _type(tensor.type)}
    return entry if tensor.values is None else {**entry, "values": _encode(tensor.values, tensor.type)}


def _read_tensor(entry: dict[str, Any]) -> Tensor:
    shape, type = tuple(int(n) for n in entry["shape"]), _read_type(entry["type"])
    LIMITS.check_shape(f"tensor {entry['id']}", shape)
    values = _decode(entry["values"], shape, type) if "values" in entry else None
    return Tensor(str(entry["id"]), shape, type, values)


def _storage(type: FixedType) -> np.dtype[Any]:
    size = next(n for n in (1, 2, 4, 8) if 8 * n >= type.width + (not type.signed))
    return np.dtype(f"<i{size}")


def _encode(values: IntArray, type: FixedType) -> str:
    return base64.b64encode(zlib.compress(values.astype(_storage(type)).tobytes(), 6)).decode()


def _decode(text: str, shape: tuple[int, ...], type: FixedType) -> IntArray:
    dtype = _storage(type)
    expected = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
    if expected > MAX_CONSTANT_BYTES:
        raise ValueError(f"a constant of {expected} bytes")
    data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), expected + 1)
    if len(data) != expected:
        raise ValueError("a constant of the wrong length")
    values = np.frombuffer(data, dtype).reshape(shape).astype(np.int64)
    if values.size and not type.holds(int(values.min()), int(values.max())):
        raise ValueError(f"a constant outside {type}")
    return values


def _op(op: Op) -> dict[str, Any]:
    fields = {f.name: getattr(op, f.name) for f in dataclasses.fields(op)}  # type: ignore[arg-type]
    encoded = {k: _type(v) if isinstance(v, FixedType) else v for k, v in fields.items()}
    return {"name": type(op).__name__, **encoded}


def _read_op(entry: dict[str, Any]) -> Op:
    attributes = {k: v for k, v in entry.items() if k != "name"}
    if "target" in attributes and entry["name"] == "Requantise":
        attributes["target"] = _read_type(attributes["target"])
        if attributes["rounding"] not in get_args(Rounding):
            raise ValueError(f"rounding {attributes['rounding']!r}")
    tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
    make: Callable[..., Op] = OPS[entry["name"]]
    return make(**tuples)
