"""The rule for types where two parts of a design meet: what moves numbers keeps their bits.

A kernel passes the beats of a movement on as they come, so its output has its input's type, however few of the numbers
are left; a Shift moves the point alone. Only what computes narrows a type to its proven range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwflow.errors import HwflowError
from hwflow.ir.graph import Graph, Node, Op, Tensor
from hwflow.ir.ops import Requantise, Shift, Table
from hwflow.ir.ops.base import MovementOp
from hwflow.ir.types import FixedType


class SeamError(HwflowError):
    """Two parts of a design take the same beats for numbers of two types: a defect of hwflow."""

    def __init__(self, giver: str, given: FixedType, taker: str, taken: FixedType) -> None:
        super().__init__(f"{giver} gives {given} where {taker} takes {taken}. This is a defect of hwflow.")


def kept_type(op: Op, inputs: Sequence[Tensor]) -> FixedType | None:
    """The type that an op's output has whatever its range is; None where the range decides."""
    match op:
        case Requantise():
            return op.target
        case Table():
            return inputs[1].type
        case MovementOp() | Shift():
            return replace(inputs[0].type, frac=op.frac(inputs))
    return None


def check_types(graph: Graph) -> None:
    """Raise SeamError, which names both tensors, unless every node keeps the rule."""
    for node in graph.nodes:
        inputs, output = graph.inputs_of(node), graph.tensors[node.output]
        kept = kept_type(node.op, inputs)
        if kept is not None and kept != output.type:
            raise SeamError(_what(graph, node), kept, f"tensor {_name(graph, output.id)}", output.type)
        if isinstance(node.op, Table) and inputs[1].size != 1 << inputs[0].type.width:
            entries = FixedType(False, max(1, (inputs[1].size - 1).bit_length()), inputs[0].type.frac)
            raise SeamError(f"tensor {_name(graph, inputs[0].id)}", inputs[0].type, _what(graph, node), entries)


def _what(graph: Graph, node: Node) -> str:
    return f"{type(node.op).__name__} of {', '.join(_name(graph, i) for i in node.inputs)}"


def _name(graph: Graph, id: str) -> str:
    """Its id, and the name in the model if it has one."""
    return f"{id} ({graph.names[id]!r})" if id in graph.names else id
