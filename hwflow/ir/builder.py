"""Builds integer graphs: types come from interval analysis, so accumulators are as wide as they must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwflow.errors import UserError
from hwflow.ir.graph import Bounds, Graph, IntArray, Node, Op, Tensor
from hwflow.ir.intervals import output_bounds
from hwflow.ir.seams import kept_type
from hwflow.ir.types import MAX_WIDTH, FixedType, type_for
from hwflow.limits import LIMITS, Limits

_WIDEST = 1 << (MAX_WIDTH - 3)  # magnitude of a signed integer of 62 bits: doubled bounds still fit int64


@dataclass(frozen=True, slots=True)
class _Entry:
    tensor: Tensor
    bounds: Bounds
    peak: int


class GraphBuilder:
    """Adds tensors and nodes one by one; ids are ``t0``, ``t1``, ... in the order of creation.

    Guarantees: every node's output type holds every integer that its op can produce from the inputs' bounds.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._elements = 0
        self._entries: dict[str, _Entry] = {}
        self._nodes: list[Node] = []
        self._producer: dict[str, Node] = {}
        self._inputs: list[str] = []
        self._names: dict[str, str] = {}

    def tensor(self, id: str) -> Tensor:
        """The tensor of an id."""
        return self._entries[id].tensor

    def peak(self, id: str) -> int:
        """Largest absolute integer met while the tensor is computed, partial sums included."""
        return self._entries[id].peak

    def bounds(self, id: str) -> Bounds:
        """Element-wise bounds of a tensor."""
        return self._entries[id].bounds

    def name(self, id: str, name: str) -> None:
        """Remember the model file's name of a tensor (the first name given stays)."""
        self._names.setdefault(id, name)

    def rename(self, id: str, name: str) -> None:
        """Give a tensor another name, such as that of the port that it leaves by."""
        self._names[id] = name

    def input(self, shape: tuple[int, ...], type: FixedType, narrow: bool = False) -> str:
        """A graph input that takes every integer of its type."""
        self._limits.check_shape("graph input", shape)
        bounds = Bounds(np.full(shape, type.lo + (narrow and type.signed)), np.full(shape, type.hi))
        id = self._enter(Tensor(self._new_id(), shape, type), bounds, int(bounds.magnitude.max()))
        self._inputs.append(id)
        return id

    def constant(self, values: IntArray, frac: int, type: FixedType | None = None) -> str:
        """A constant of integers ``values * 2**-frac``, in the narrowest type unless one is given."""
        array = np.asarray(values, dtype=np.int64)
        type = type or type_for(int(array.min()), int(array.max()), frac)
        tensor = Tensor(self._new_id(), array.shape, type, array)
        return self._enter(tensor, Bounds(array, array), int(np.abs(array).max()))

    def add(self, op: Op, *inputs: str) -> str:
        """A node; returns the id of its output."""
        tensors = [self.tensor(i) for i in inputs]
        shape = op.shape(tensors)
        self._limits.check_shape(f"{type(op).__name__} output", shape)
        in_bounds = [self.bounds(i) for i in inputs]
        bounds = output_bounds(op, tensors, in_bounds, self._producer)
        peak = op.peak(tensors, in_bounds, bounds)
        fixed = self._type(op, tensors, bounds, peak)
        id = self._enter(Tensor(self._new_id(), shape, fixed), bounds, peak)
        node = Node(op, inputs, id)
        self._nodes.append(node)
        self._producer[id] = node
        return id

    def build(self, outputs: list[str]) -> Graph:
        """The finished graph, without nodes and tensors that no output needs."""
        needed = set(outputs) | set(self._inputs)
        nodes: list[Node] = []
        for node in reversed(self._nodes):
            if node.output in needed:
                needed.update(node.inputs)
                nodes.append(node)
        tensors = {id: entry.tensor for id, entry in self._entries.items() if id in needed}
        names = {id: name for id, name in self._names.items() if id in needed}
        return Graph(tensors, tuple(reversed(nodes)), tuple(self._inputs), tuple(outputs), names)

    def _new_id(self) -> str:
        return f"t{len(self._entries)}"

    def _enter(self, tensor: Tensor, bounds: Bounds, peak: int) -> str:
        self._elements += tensor.size
        if self._elements > self._limits.graph_elements:
            raise UserError(
                "model",
                f"{self._elements} elements in all tensors together",
                f"at most {self._limits.graph_elements}",
                "Use a smaller model.",
            )
        self._entries[tensor.id] = _Entry(tensor, bounds, peak)
        return tensor.id

    @staticmethod
    def _type(op: Op, tensors: list[Tensor], bounds: Bounds, peak: int) -> FixedType:
        kept = kept_type(op, tensors)
        if kept is not None:
            return kept
        if peak >= _WIDEST:
            raise UserError(
                f"{type(op).__name__} of {tensors[0].shape}",
                f"an accumulator that reaches {peak} (over {MAX_WIDTH - 2} bits)",
                f"at most {MAX_WIDTH - 2} bits",
                "Quantise its inputs to fewer bits.",
            )
        return type_for(int(bounds.lo.min()), int(bounds.hi.max()), op.frac(tensors))
