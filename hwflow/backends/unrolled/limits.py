"""What alkaid computes wrongly without saying so, refused before it can: one UserError that names the tensor.

Measured with alkaid 0.8.2: weights go through float32 (24 significant bits), added constants through a float32 search
for their lowest bit, table entries through int32, products and results through float64 (53 bits).
"""

from __future__ import annotations

import numpy as np

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, Node, Tensor
from hwflow.ir.ops import Add, MatMul, Mul, Requantise, Sub, Table

CONSTANT_BITS = 24
TABLE_ADDRESS_BITS = 16
TABLE_OUTPUT_BITS = 28
SIGNAL_BITS = 53
_CONSTANTS = {MatMul: "weights", Mul: "factors", Add: "added constants", Sub: "added constants"}


def check(graph: Graph) -> None:
    """Refuse constants, tables and shifts that are too wide. Raises UserError."""
    for node in graph.nodes:
        constants = [t for t in graph.inputs_of(node) if t.values is not None]
        if isinstance(node.op, Table):
            _check_table(graph, node)
        else:
            what = _CONSTANTS.get(type(node.op), "constants")
            for tensor in constants:
                _require(graph, node, significant_bits(tensor), CONSTANT_BITS, f"{what} of {{}} significant bits")
        if isinstance(node.op, Requantise):
            dropped = graph.tensors[node.inputs[0]].type.frac - node.op.target.frac
            _require(graph, node, min(dropped, SIGNAL_BITS + 1), SIGNAL_BITS, "a rounding that drops {} bits")


def check_signal(graph: Graph, node: Node, interval: tuple[int, int]) -> None:
    """Refuse a tensor whose integers float64 does not hold. Raises UserError."""
    bits = max(abs(n) for n in interval).bit_length()
    _require(graph, node, bits, SIGNAL_BITS, "integers of {} bits")


def significant_bits(tensor: Tensor) -> int:
    """Bits from the lowest to the highest that any of a constant's integers sets."""
    values = np.abs(np.asarray(tensor.values, dtype=np.int64)).ravel()
    every = int(np.bitwise_or.reduce(values, initial=0))
    return every.bit_length() - ((every & -every).bit_length() - 1 if every else 0)


def _check_table(graph: Graph, node: Node) -> None:
    source, table = graph.inputs_of(node)
    _require(graph, node, source.type.width, TABLE_ADDRESS_BITS, "a table address of {} bits")
    _require(graph, node, table.type.width, TABLE_OUTPUT_BITS, "table entries of {} bits")


def _require(graph: Graph, node: Node, bits: int, most: int, what: str) -> None:
    if bits > most:
        raise UserError(
            subject(graph, node),
            what.format(bits),
            f"at most {most}",
            "Quantise it to fewer bits, or build the streaming style.",
        )


def subject(graph: Graph, node: Node) -> str:
    """The tensor that a refusal is about."""
    name = graph.names.get(node.output, node.output)
    return f"unrolled style, tensor {name!r} ({type(node.op).__name__})"
