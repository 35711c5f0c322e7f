"""Checks the form of each node against the definition of its op, so that later steps can rely on it."""

from __future__ import annotations

from typing import Any

import onnx

from hwflow.errors import UserError
from hwflow.onnx_import.quantiser import QUANT_DOMAINS

_STANDARD = ("", "ai.onnx")


def check_forms(model: onnx.ModelProto) -> None:
    """Raises UserError that names a node with too few or too many operands, or attributes of the wrong type.

    Ops that ONNX does not define are left to the importer, which lists them.
    """
    opset = max(entry.version for entry in model.opset_import if entry.domain in _STANDARD)
    for node in model.graph.node:
        if node.domain in _STANDARD:
            _check_standard(node, opset)
        elif node.domain in QUANT_DOMAINS and node.op_type in ("Quant", "IntQuant"):
            _check_quant(node)
        elif node.domain in QUANT_DOMAINS and node.op_type == "BipolarQuant":
            _check_count(node, "inputs", len(node.input), 2, 2)
            _check_count(node, "outputs", len(node.output), 1, 1)
            if not all((*node.input, *node.output)):
                raise _malformed(node, "an operand without a name", "two operands")


def _check_quant(node: onnx.NodeProto) -> None:
    _check_count(node, "inputs", len(node.input), 4, 4)
    _check_count(node, "outputs", len(node.output), 1, 1)
    if not all(node.input) or not all(node.output):
        raise _malformed(node, "an operand without a name", "four operands")
    for attribute in node.attribute:
        is_flag = attribute.name in ("signed", "narrow") and attribute.type == onnx.AttributeProto.INT
        is_text = attribute.name == "rounding_mode" and attribute.type == onnx.AttributeProto.STRING
        is_text = is_text and attribute.s.isascii()
        if not is_text and not (is_flag and attribute.i in (0, 1)):
            expected = "signed and narrow as 0 or 1, rounding_mode as text"
            raise _malformed(node, f"attribute {attribute.name!r}", expected)


def _check_standard(node: onnx.NodeProto, opset: int) -> None:
    try:
        schema = onnx.defs.get_schema(node.op_type, opset)
    except (onnx.defs.SchemaError, TypeError):
        return
    _check_count(node, "inputs", len(node.input), schema.min_input, schema.max_input)
    _check_count(node, "outputs", len(node.output), schema.min_output, schema.max_output)
    if not all(node.input[: schema.min_input]) or not all(node.output[: schema.min_output]):
        raise _malformed(node, "an operand without a name", f"{schema.min_input} operands")
    given = {attribute.name: attribute for attribute in node.attribute}
    for name, attribute in given.items():
        wanted = schema.attributes.get(name)
        kind: Any = wanted.type if wanted else None  # an enum that onnx's stubs do not describe
        if kind is None or int(kind.value) != attribute.type:
            expected = f"an attribute of type {kind.name}" if wanted else "an attribute of this op"
            raise _malformed(node, f"attribute {name!r}", expected)
    for name, wanted in schema.attributes.items():
        if wanted.required and name not in given:
            raise _malformed(node, f"no attribute {name!r}", "all attributes that the op needs")


def _check_count(node: onnx.NodeProto, what: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        raise _malformed(node, f"{count} {what}", f"{least} to {most}" if most != least else str(least))


def _malformed(node: onnx.NodeProto, found: str, expected: str) -> UserError:
    return UserError(f"node {node.name or ', '.join(node.output)!r} ({node.op_type})", found, expected, "Export again.")
