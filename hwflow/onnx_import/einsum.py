"""Einsum of two operands as a MatMul between Reshapes and Transposes.

Labels in both and in the result are batches, those in both alone are summed over, the others are rows and columns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.rewrite import Replacement, replace

_EQUATION = re.compile(r"([a-zA-Z]*),([a-zA-Z]*)(?:->([a-zA-Z]*))?")


def einsum(graph: ir.Graph, node: ir.Node) -> None:
    """Rewrite in place; repeated labels, an ellipsis, another number of operands stay."""
    match = _EQUATION.fullmatch(node.attributes["equation"].as_string().replace(" ", ""))
    shapes = [None if v is None or v.shape is None else tuple(v.shape.numpy()) for v in node.inputs]
    if match is None or len(shapes) != 2 or None in shapes:
        return
    a, b, given = match[1], match[2], match[3]
    result = "".join(sorted(n for n in set(a + b) if (a + b).count(n) == 1)) if given is None else given
    if any(len(set(labels)) < len(labels) for labels in (a, b, result)) or not set(result) <= set(a + b):
        return
    sizes = dict(zip(a, shapes[0] or (), strict=True)) | dict(zip(b, shapes[1] or (), strict=True))
    batch = [n for n in result if n in a and n in b]
    summed = [n for n in a if n in b and n not in result]
    rows, columns = ([n for n in result if n in own and n not in batch] for own in (a, b))
    if len(batch) + len(summed) + len(rows) < len(a) or len(batch) + len(summed) + len(columns) < len(b):
        return  # a label of one operand alone that is summed over
    left, right = node.inputs
    assert left is not None and right is not None

    def build(r: Replacement) -> ir.Value:
        x = _matrices(r, left, a, (batch, rows, summed), sizes)
        y = _matrices(r, right, b, (batch, summed, columns), sizes)
        order = [*batch, *rows, *columns]
        product = r.op("MatMul", x, y)
        if len(rows) != 1 or len(columns) != 1:
            product = _reshaped(r, product, [sizes[n] for n in order])
        perm = [order.index(n) for n in result]
        return product if perm == sorted(perm) else r.op("Transpose", product, perm=perm)

    replace(graph, node, build)


def _matrices(
    r: Replacement, value: ir.Value, labels: str, groups: Sequence[Sequence[str]], sizes: dict[str, int]
) -> ir.Value:
    """(*batch, rows, columns): the axes in the order of the groups, the last two groups as one axis each."""
    perm = [labels.index(n) for group in groups for n in group]
    moved = value if perm == sorted(perm) else r.op("Transpose", value, perm=perm)
    batch, *matrix = groups
    shape = [*(sizes[n] for n in batch), *(math.prod(sizes[n] for n in group) for group in matrix)]
    return moved if len(shape) == len(labels) else _reshaped(r, moved, shape)


def _reshaped(r: Replacement, value: ir.Value, shape: Sequence[int]) -> ir.Value:
    return r.op("Reshape", value, r.const(np.asarray(shape, np.int64), "shape"))
