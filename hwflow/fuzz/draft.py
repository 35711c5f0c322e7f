"""A random ONNX graph in the making: its nodes, its constants, and what is known of each value."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hwflow.fuzz.inputs import Port
from hwflow.onnx_import.ports import STATES

QONNX = "qonnx.custom_op.general"
CONSTANT_NODES = 0.2  # share of the constants that are nodes, as some exporters write them
Attribute = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Value:
    """A computed value.

    ``bits``: of the quantiser behind which it stands, or None. ``frac``: fraction bits of its grid, None where it has
    none. ``size``: about how large its numbers are; ``signed``: whether some may be negative.
    """

    name: str
    shape: tuple[int, ...]
    bits: int | None
    frac: int | None
    size: float
    signed: bool = True

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def count(self) -> int:
        """How many elements it has."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass
class Draft:
    """Productions (``hwflow.fuzz.grammar``) add nodes to it. ``kind``: the dialect of its quantisers."""

    rng: np.random.Generator
    kind: str
    opset: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    ports: list[Port] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    extra_outputs: list[str] = field(default_factory=list)
    _count: int = 0

    def chance(self, share: float) -> bool:
        """True in a share of the calls."""
        return bool(self.rng.random() < share)

    def choose(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.rng.integers(len(options)))]

    def between(self, lo: int, hi: int) -> int:
        """An integer of [lo, hi]."""
        return int(self.rng.integers(lo, hi + 1))

    def fresh(self, hint: str = "v") -> str:
        """A name that is not in use."""
        self._count += 1
        return f"{hint}{self._count}"

    def const(self, array: Any, dtype: Any = np.float32) -> str:
        """A constant, as an initialiser or as a node."""
        tensor = numpy_helper.from_array(np.asarray(array, dtype), self.fresh("c"))
        if self.chance(CONSTANT_NODES):
            self.nodes.append(helper.make_node("Constant", [], [tensor.name], value=tensor))
        else:
            self.initializers.append(tensor)
        return tensor.name

    def ints(self, *numbers: int) -> str:
        """A vector of int64, as axes and shapes are given."""
        return self.const(numbers, np.int64)

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Attribute) -> str:
        """A node of one output, whose name it returns; of several, the first's."""
        return self.nodes_of(op, *inputs, domain=domain, outputs=outputs, **attributes)[0]

    def nodes_of(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Attribute) -> list[str]:
        """A node, and the names of its outputs."""
        names = [self.fresh() for _ in range(outputs)]
        given = {name: value for name, value in attributes.items() if value is not None}
        label = self.fresh("n") if self.chance(0.5) else ""
        self.nodes.append(helper.make_node(op, list(inputs), names, name=label, domain=domain, **given))
        return names

    def over_axes(self, op: str, x: str, axes: Sequence[int], since: int, **attributes: Attribute) -> str:
        """A node whose axes are an attribute before operator set ``since``, and an input from then on."""
        if self.opset < since:
            return self.node(op, x, axes=list(axes), **attributes)
        return self.node(op, x, self.ints(*axes), **attributes)

    def input(self, port: Port) -> str:
        """A graph input."""
        type = TensorProto.FLOAT if port.rows is None else self.choose([TensorProto.INT64, TensorProto.INT32])
        self.inputs.append(helper.make_tensor_value_info(port.name, type, list(port.shape)))
        self.ports.append(port)
        return port.name

    def add(self, value: Value) -> Value:
        """Hand a value to later productions."""
        self.values.append(value)
        self.open.append(value.name)
        return value

    def use(self, value: Value) -> str:
        """The name of a value that a node reads."""
        if value.name in self.open:
            self.open.remove(value.name)
        return value.name

    def pick(self, fits: Callable[[Value], bool] = lambda _: True) -> Value | None:
        """A value that fits, more often one that nothing reads yet."""
        some = [value for value in self.values if fits(value)]
        unread = [value for value in some if value.name in self.open]
        if unread and self.chance(0.75):
            return unread[-1] if self.chance(0.6) else self.choose(unread)
        return self.choose(some) if some else None

    def proto(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """The model."""
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "fuzz", self.inputs, values, self.initializers)
        domains = sorted({node.domain for node in self.nodes if node.domain})
        opsets = [helper.make_opsetid("", self.opset), *(helper.make_opsetid(d, 1) for d in domains)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        if self.states:
            model.metadata_props.add(key=STATES, value=json.dumps(self.states))
        return model
