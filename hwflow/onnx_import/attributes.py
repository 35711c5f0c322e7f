"""Typed reading of ONNX attributes, in the versions of the operator set that put them in different places."""

from __future__ import annotations

import onnx_ir as ir


def int_of(node: ir.Node, name: str, default: int) -> int:
    """An integer attribute."""
    return node.attributes[name].as_int() if name in node.attributes else default


def float_of(node: ir.Node, name: str, default: float) -> float:
    """A float attribute."""
    return node.attributes[name].as_float() if name in node.attributes else default


def ints_of(node: ir.Node, name: str, input_index: int | None = None) -> list[int] | None:
    """Integers from an attribute, or from the constant input that replaced it in newer operator sets."""
    if name in node.attributes:
        return [int(n) for n in node.attributes[name].as_ints()]
    if input_index is None or input_index >= len(node.inputs):
        return None
    value = node.inputs[input_index]
    if value is None:
        return None
    if value.const_value is None:
        raise ValueError(f"{name} that are not constants")
    array = value.const_value.numpy()
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"{name} as {array.dtype} of {array.ndim} axes, not a vector of integers")
    return [int(n) for n in array]


def axes_of(node: ir.Node) -> list[int] | None:
    """The axes of a reduction."""
    return ints_of(node, "axes", 1)


def numbers_of(node: ir.Node) -> dict[str, float | str]:
    """The attributes that are numbers or texts."""
    kinds = {ir.AttributeType.FLOAT, ir.AttributeType.INT, ir.AttributeType.STRING}
    return {name: attribute.value for name, attribute in node.attributes.items() if attribute.type in kinds}
