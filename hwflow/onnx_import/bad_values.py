"""Numbers that make no sense, all of them in one message before anything is computed.

NaN anywhere; an infinity where it would be multiplied; scales that are not positive, bit widths that are no integers,
zero points beyond the range.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.quantiser import is_bipolar, is_quant, problems_of, scale_problem

_TAKE_INFINITY = frozenset({"Add", "Sub", "Where", "Clip", "Max", "Min", "Concat", "Reshape", "Expand", "Identity"})
_LINEAR = ("QuantizeLinear", "DequantizeLinear")


def check_values(graph: ir.Graph) -> None:
    """UserError that names every constant and quantiser with such a number."""
    _raise([*_constants(graph), *_quantisers(graph)])


def check_quantisers(graph: ir.Graph) -> None:
    """The same of quantisers alone, whose operands may have been computed since."""
    _raise(list(_quantisers(graph)))


def _raise(found: list[UserError]) -> None:
    if len(found) == 1:
        raise found[0]
    if found:
        lines = "\n  ".join(str(error) for error in found)
        raise UserError(
            "model",
            f"{len(found)} numbers that make no sense:\n  {lines}\n",
            "finite numbers, positive scales, widths and zero points within their ranges",
            "Correct them all and export again.",
        )


def _quantisers(graph: ir.Graph) -> Iterator[UserError]:
    for node in graph:
        if is_quant(node):
            yield from problems_of(node)
        elif is_bipolar(node) or node.op_type in _LINEAR:
            subject = f"{node.op_type} {node.outputs[0].name!r}"
            scale = node.inputs[1].const_value if node.inputs[1] is not None else None
            if scale is not None and (problem := scale_problem(scale.numpy(), subject)):
                yield problem


def _constants(graph: ir.Graph) -> Iterator[UserError]:
    """Of floats that no quantiser has as its parameters."""
    for name, value in graph.initializers.items():
        readers = [use.node for use in value.uses() if not (_is_quantiser(use.node) and use.idx)]
        if value.const_value is None or not readers or value.const_value.dtype not in _FLOATS:
            continue
        array = value.const_value.numpy()
        if np.all(np.isfinite(array)):
            continue
        reader = next((n for n in readers if n.op_type not in _TAKE_INFINITY), None)
        if np.any(np.isnan(array)):
            yield _problem(name, readers[0], "NaN", int(np.count_nonzero(np.isnan(array))))
        elif reader is not None:
            yield _problem(name, reader, "infinity", int(np.count_nonzero(np.isinf(array))))


_FLOATS = (ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def _is_quantiser(node: ir.Node) -> bool:
    return is_quant(node) or is_bipolar(node) or node.op_type in _LINEAR


def _problem(name: str, reader: ir.Node, what: str, count: int) -> UserError:
    subject = f"constant {name!r} of {reader.op_type} {reader.name or reader.outputs[0].name!r}"
    return UserError(subject, f"{what} ({count} of its numbers)", "finite numbers", "Train or export it again.")
