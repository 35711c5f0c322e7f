"""Writes a QONNX graph node by node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hwflow.frontends.qkeras.fixed import Fixed

OPSET = 17
QONNX = "qonnx.custom_op.general"
Weight = Fixed | NDArray[Any]  # quantised, or as it is


@dataclass(frozen=True)
class Value:
    """A tensor of the graph. ``shape`` is in Keras' order, batch of 1 first, channels last.

    ``channels_first``: it is stored with its channels on axis 1, as ONNX convolves; whoever cannot use it so calls
    `Writer.keras_order`.
    """

    name: str
    shape: tuple[int, ...]
    channels_first: bool = False


@dataclass
class Writer:
    """Collects nodes and initialisers; ``scope`` names what comes next."""

    scope: str = ""
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initialisers: list[onnx.TensorProto] = field(default_factory=list)
    paddings: dict[str, tuple[Value, list[int]]] = field(default_factory=dict)  # of zeros: on what, and how wide
    _names: set[str] = field(default_factory=set)
    _transposed: dict[str, tuple[str, list[int]]] = field(default_factory=dict)

    def unique(self, name: str) -> str:
        """``scope/name`` with a number when that is taken."""
        base = name = f"{self.scope}/{name}"
        number = 1
        while name in self._names:
            name, number = f"{base}_{number}", number + 1
        self._names.add(name)
        return name

    def constant(self, values: Any, name: str = "constant") -> str:
        """An initialiser: float32, or int64 for integers. A number stays 0-dimensional."""
        array = np.asarray(values)
        name = self.unique(name)
        kind = np.int64 if array.dtype.kind == "i" else np.float32
        self.initialisers.append(numpy_helper.from_array(np.array(array, kind, order="C"), name))
        return name

    def op(self, op_type: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """A node; returns its output, the first of several."""
        names = [self.unique(op_type) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op_type, inputs, names, names[0], domain=domain, **attributes))
        return names[0]

    def quant(
        self, x: str, scale: Any, bits: int, *, signed: bool = True, narrow: bool = False, rounding: str = "ROUND"
    ) -> str:
        """A QONNX Quant with zero point 0."""
        operands = [
            self.constant(np.asarray(v, np.float32), n) for v, n in ((scale, "scale"), (0, "zero"), (bits, "bits"))
        ]
        return self.op(
            "Quant",
            x,
            *operands,
            domain=QONNX,
            signed=int(signed),
            narrow=int(narrow),
            rounding_mode=rounding,
        )

    def transpose(self, x: str, perm: Sequence[int]) -> str:
        """A Transpose; one of a Transpose becomes one of the two together, or nothing."""
        source, before = self._transposed.get(x, (x, list(range(len(perm)))))
        together = [before[axis] for axis in perm]
        if together == sorted(together):
            return source
        name = self.op("Transpose", source, perm=together)
        self._transposed[name] = (source, together)
        return name

    def weights(self, fixed: Weight, name: str) -> str:
        """Quantised weights and the Quant that leaves them as they are; plain weights as they are."""
        if isinstance(fixed, Fixed):
            stored = self.constant(fixed.values, name)
            return self.quant(stored, fixed.scale, fixed.bits, signed=fixed.signed, narrow=fixed.narrow)
        return self.constant(fixed.astype(np.float32), name)

    def keras_order(self, value: Value) -> Value:
        """The value with its channels on the last axis."""
        if not value.channels_first:
            return value
        rank = len(value.shape)
        return Value(self.transpose(value.name, [0, *range(2, rank), 1]), value.shape)

    def channels_first(self, value: Value) -> Value:
        """The value with its channels on axis 1."""
        if value.channels_first:
            return value
        rank = len(value.shape)
        name = self.transpose(value.name, [0, rank - 1, *range(1, rank - 1)])
        return Value(name, value.shape, channels_first=True)

    def like(self, value: Value, name: str) -> Value:
        """A value of the same shape and order."""
        return replace(value, name=name)

    def renamed(self, names: dict[str, str]) -> None:
        """Give outputs of nodes other names."""
        for node in self.nodes:
            for field_ in (node.input, node.output):
                for index, name in enumerate(field_):
                    field_[index] = names.get(name, name)

    def model(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> onnx.ModelProto:
        """The finished model, without nodes that nothing reads."""
        self._prune({v.name for v in outputs})
        graph = helper.make_graph(self.nodes, "keras", _infos(inputs), _infos(outputs), self.initialisers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(QONNX, 2)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="hwflow")

    def _prune(self, needed: set[str]) -> None:
        kept = []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.append(node)
        self.nodes = kept[::-1]
        self.initialisers = [tensor for tensor in self.initialisers if tensor.name in needed]


def _infos(values: Sequence[Value]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(v.name, TensorProto.FLOAT, v.shape) for v in values]
