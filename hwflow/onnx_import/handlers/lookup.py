"""Gather of a constant table by the tokens of an integer input: an embedding."""

from __future__ import annotations

import math

import onnx_ir as ir

from hwflow.ir.ops import Lookup, Reshape
from hwflow.ir.types import type_for
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.handlers.matmul import weights_of
from hwflow.onnx_import.handlers.unary import real
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Constant, RawInput, Value, drop_axis, first_unit_axis


def lookup(importer: Importer, node: ir.Node) -> Value:
    """The rows of the table that the tokens name. golden.onnx limits tokens to the table as the hardware does."""
    table, tokens = (importer.symbols[v] for v in node.inputs)  # type: ignore[index]
    assert isinstance(table, Constant)
    if not isinstance(tokens, RawInput) or not tokens.is_tokens:
        raise Unsupported("its indices are computed; only integers that are an input of the model are supported")
    if table.array.ndim != 2 or int_of(node, "axis", 0) not in (0, -2):
        raise Unsupported(
            f"it takes along axis {int_of(node, 'axis', 0)} of {list(table.array.shape)}, not rows of a table"
        )
    if any(move.op_type != "Reshape" for move in tokens.moves):
        raise Unsupported(f"input {tokens.name!r} is transposed before; transpose the rows behind it")
    rows, frac = weights_of(real(table))
    name, shape = node.outputs[0].name or "", (*tokens.shape, rows.shape[1])
    id = importer.emit(name, Lookup(), _port(importer, tokens, len(rows)), importer.builder.constant(rows, frac))
    batch = first_unit_axis((*shape[:-1], 0))
    if drop_axis(shape, batch) != importer.builder.tensor(id).shape:
        id = importer.builder.add(Reshape(drop_axis(shape, batch)), id)
    return Value(id, shape, batch, importer.own_source(id, name))


def _port(importer: Importer, tokens: RawInput, rows: int) -> str:
    """The graph input (tokens, 1) of as many bits as name a row."""
    type = type_for(0, max(rows - 1, 1), 0)
    if tokens.name not in importer.inputs:
        id = importer.builder.input((math.prod(tokens.port), 1), type)
        importer.builder.name(id, tokens.name)
        importer.ports[tokens.name] = id
        importer.inputs[tokens.name] = (id, rows)
        importer.rows[id] = rows
    id, first = importer.inputs[tokens.name]
    if first != rows:
        raise Unsupported(f"input {tokens.name!r} names rows of tables of {first} and {rows} rows; use one length")
    return id
