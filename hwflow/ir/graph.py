"""The integer graph: immutable tensors and nodes in topological order.

Shapes leave out the batch axis. A constant is a tensor with integer ``values``; a node computes one tensor.
Ids are generated (``t0``, ``t1``, ...): names from the model file live only in ``Graph.names``, never in code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hwflow.ir.rounding import PortRounding
from hwflow.ir.types import FixedType

IntArray = NDArray[Any]
"""An array of integers of any width."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Element-wise smallest and largest integer of a tensor, each an int64 array of the tensor's shape."""

    lo: NDArray[np.int64]
    hi: NDArray[np.int64]

    @property
    def magnitude(self) -> NDArray[np.int64]:
        """Largest absolute integer per element."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor of the graph. ``shape`` is without the batch axis; ``values`` holds a constant's integers."""

    id: str
    shape: tuple[int, ...]
    type: FixedType
    values: IntArray | None = None

    @property
    def is_constant(self) -> bool:
        return self.values is not None

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=object)) if self.shape else 1


@runtime_checkable
class Op(Protocol):
    """What a node computes. One file per op under ``hwflow/ir/ops``; ops are frozen dataclasses of plain attributes."""

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        """Output shape, without the batch axis."""

    def frac(self, inputs: Sequence[Tensor]) -> int:
        """Fraction bits of the output."""

    def bounds(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds]) -> Bounds:
        """Bounds of the output from the bounds of the inputs."""

    def peak(self, inputs: Sequence[Tensor], bounds: Sequence[Bounds], output: Bounds) -> int:
        """Largest absolute integer that any order of evaluation can meet, partial sums included."""

    def evaluate(self, inputs: Sequence[Tensor], arrays: Sequence[IntArray], output: Tensor) -> IntArray:
        """The output integers. Dynamic arrays carry a leading batch axis, constants do not."""


@dataclass(frozen=True, slots=True)
class Node:
    """``output = op(*inputs)``; all are tensor ids."""

    op: Op
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Graph:
    """An integer graph. ``nodes`` are in topological order; ``names`` maps an id to the model file's tensor name.

    ``orders``: of an input whose elements arrive in another order than in the model file (an image channels last), the
    axes of the file's tensor in the order of the input's.
    ``roundings``: how the real numbers of an input become its integers, where that is not half to even.
    ``rows``: of an input of tokens, how many rows its tables have: a negative token counts from their end.
    """

    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    roundings: Mapping[str, PortRounding] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)

    def file_shape(self, id: str) -> tuple[int, ...]:
        """Shape of an input or output in the model file, without the batch axis."""
        shape, order = self.tensors[id].shape, self.orders.get(id)
        return shape if order is None else tuple(n for _, n in sorted(zip(order, shape, strict=True)))

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """The node that computes each tensor."""
        return {node.output: node for node in self.nodes}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read each tensor, in order."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for tensor in dict.fromkeys(node.inputs):
                readers.setdefault(tensor, []).append(node)
        return {tensor: tuple(nodes) for tensor, nodes in readers.items()}

    def inputs_of(self, node: Node) -> list[Tensor]:
        """The node's input tensors, in order."""
        return [self.tensors[i] for i in node.inputs]
