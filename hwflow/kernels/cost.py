"""Estimated cost of integer nodes, from the primitives of ``hwflow.schedule.costs``."""

from __future__ import annotations

from collections.abc import Sequence

from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import Add, Clamp, Mul, ReduceMax, ReduceSum, Requantise, Shift, Sub, Table
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources


def element_cost(graph: Graph, node: Node) -> Cost:
    """One element of an element-wise node; all the elements' tree for a reduction over the last axis."""
    output, source = graph.tensors[node.output], graph.tensors[node.inputs[0]]
    match node.op:
        case Add() | Sub():
            return costs.adder(output.type.width)
        case Mul():
            return _product(graph, node)
        case Requantise():
            return costs.requantise(source.type.width, max(0, source.type.frac - output.type.frac))
        case Clamp():
            return costs.relu(source.type.width)
        case Table():
            return costs.table(source.type.width, output.type.width)
        case ReduceSum():
            return costs.adder_tree(source.shape[-1], source.type.width)
        case ReduceMax():
            return _tree(costs.maximum(source.type.width), source.shape[-1])
        case Shift():
            return Cost()
    raise NotImplementedError(type(node.op).__name__)


def _product(graph: Graph, node: Node) -> Cost:
    a, b = graph.inputs_of(node)
    if a.is_constant or b.is_constant:
        x, weight = (b, a) if a.is_constant else (a, b)
        return costs.constant_multiplier(x.type.width, weight.type.width)
    return costs.multiplier(a.type.width + (not a.type.signed), b.type.width + (not b.type.signed))


def _tree(cell: Cost, terms: int) -> Cost:
    levels = max(0, (terms - 1).bit_length())
    return Cost((terms - 1) * cell.resources, levels * cell.delay_ps, cell.clocks)


def chain(graph: Graph, nodes: Sequence[Node], lanes: int) -> Cost:
    """Nodes one after the other, ``lanes`` elements side by side; a scalar of the row has one lane."""
    cost = Cost()
    for node in nodes:
        is_row = graph.tensors[node.output].shape[-1:] != (1,) and not isinstance(node.op, (ReduceSum, ReduceMax))
        cost = cost.then((lanes if is_row else 1) * element_cost(graph, node))
    return cost


def pipelined(cost: Cost, bits: int, clock_mhz: float) -> tuple[Resources, int]:
    """Resources with pipeline registers of ``bits`` per stage, and the number of stages."""
    stages = max(1, cost.stages(clock_mhz))
    return cost.resources + costs.delay_line(bits, stages), stages
