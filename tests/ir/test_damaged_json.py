"""Graph JSON from a stranger: damaged, foreign or hostile texts are user errors."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.ir import serialise
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.ops import Add, MatMul, Requantise
from hwflow.ir.types import FixedType

Document = dict[str, Any]


def text() -> str:
    builder = GraphBuilder()
    x = builder.input((2, 3), FixedType(True, 8, 4))
    y = builder.add(MatMul(), x, builder.constant(np.arange(12).reshape(3, 4) - 300, 2))
    z = builder.add(Requantise(FixedType(False, 8, 3), "floor"), y)
    builder.name(z, 'an "odd" \N{SNOWMAN} name')
    return serialise.dumps(builder.build([builder.add(Add(), z, z)]))


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def constant(document: Document) -> Document:
    return next(t for t in document["tensors"] if "values" in t)


def set_to(value: object, *path: object) -> Callable[[Document], None]:
    def damage(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return damage


def set_constant(values: str) -> Callable[[Document], None]:
    return lambda document: constant(document).update(values=values)


DAMAGES: dict[str, Callable[[Document], object]] = {
    "another format": set_to("onnx", "format"),
    "a newer version": set_to(2, "version"),
    "no nodes": lambda d: d.pop("nodes"),
    "nodes that are a number": set_to(3, "nodes"),
    "an unknown op": set_to({"name": "Exec"}, "nodes", 0, "op"),
    "an op with a foreign attribute": set_to({"name": "Add", "code": "1"}, "nodes", 0, "op"),
    "an unknown rounding": set_to("up", "nodes", 1, "op", "rounding"),
    "a width of 0": set_to([1, 0, 0], "tensors", 0, "type"),
    "a width of a million": set_to([1, 10**6, 0], "tensors", 0, "type"),
    "an infinite width": set_to([1, float("inf"), 0], "tensors", 0, "type"),
    "ten axes": set_to([1] * 10, "tensors", 0, "shape"),
    "a shape of 10^12 elements": set_to([10**6, 10**6], "tensors", 0, "shape"),
    "a negative size": set_to([-2, -3], "tensors", 0, "shape"),
    "a shape that the op does not give": set_to([2, 5], "tensors", 2, "shape"),
    "an id that is code": set_to("t0; system(0)", "tensors", 0, "id"),
    "an input read before it is computed": lambda d: d["nodes"].reverse(),
    "a tensor computed twice": lambda d: d["nodes"].append(d["nodes"][-1]),
    "an output that is not computed": set_to(["t99"], "outputs"),
    "an input that does not exist": set_to(["t99"], "inputs"),
    "names that are no map": set_to(["a"], "names"),
    "a constant that is too short": set_constant(packed(b"\0" * 23)),
    "a constant that is too long": set_constant(packed(b"\0" * 25)),
    "a constant that is a zip bomb": set_constant(packed(b"\0" * 50_000_000)),
    "a constant outside its type": set_constant(packed(np.full(12, 30000, "<i2").tobytes())),
    "a constant that is not base64": set_constant("!!!!"),
    "a constant that is not deflated": set_constant(base64.b64encode(b"hello").decode()),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_document_is_a_user_error(name: str) -> None:
    document = json.loads(text())
    DAMAGES[name](document)
    with pytest.raises(UserError) as caught:
        serialise.loads(json.dumps(document))
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("damaged", ["", "[]", "null", "7", "{}", "[" * 100_000, '{"format": "hwflow-graph"'])
def test_a_text_that_is_no_graph_is_a_user_error(damaged: str) -> None:
    with pytest.raises(
        UserError, match=r"graph JSON: found a damaged or foreign file .* hwflow-graph version 1. Build it"
    ):
        serialise.loads(damaged)


def test_every_truncation_is_a_user_error() -> None:
    whole = text()
    for end in range(0, len(whole) - 1, 37):
        with pytest.raises(UserError, match="damaged or foreign"):
            serialise.loads(whole[:end])


def test_names_keep_every_character() -> None:
    graph = serialise.loads(text())
    assert list(graph.names.values()) == ['an "odd" \N{SNOWMAN} name']
    assert serialise.dumps(graph) == text()
