"""Builds tiny QONNX and QCDQ models node by node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"
Attribute = int | float | str | Sequence[int]


class ModelBuilder:
    """Values are named ``v0``, ``v1``, ... unless a name is given."""

    def __init__(self, opset: int = 17) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def fresh(self) -> str:
        """A name that is not in use."""
        self._count += 1
        return f"v{self._count - 1}"

    def input(self, *shape: int | str, name: str = "x", type: int = TensorProto.FLOAT) -> str:
        """A graph input."""
        self.inputs.append(helper.make_tensor_value_info(name, type, list(shape)))
        return name

    def const(self, values: object, dtype: object = np.float32, name: str | None = None) -> str:
        """An initialiser."""
        name = name or self.fresh()
        self.initializers.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        """A vector of int64, as axes and shapes are given."""
        return self.const(values, np.int64)

    def node(
        self, op: str, *inputs: str, name: str | None = None, domain: str = "", label: str = "", **attributes: Attribute
    ) -> str:
        """A node with one output."""
        name = name or self.fresh()
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=label, domain=domain, **attributes))
        return name

    def nodes_of(self, op: str, count: int, *inputs: str, **attributes: Attribute) -> list[str]:
        """A node with several outputs."""
        names = [self.fresh() for _ in range(count)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def quant(
        self, x: str, bits: float = 8, frac: int = 4, signed: bool = True, narrow: bool = False,
        rounding: str = "ROUND", scale: object = None, zero_point: object = 0.0, name: str | None = None,
    ) -> str:  # fmt: skip
        """A QONNX Quant with the scale ``2**-frac`` unless another is given."""
        operands = [self.const(2.0**-frac if scale is None else scale), self.const(zero_point), self.const(bits)]
        flags = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding}
        return self.node("Quant", x, *operands, name=name, domain=QONNX, **flags)

    def weights(self, values: object, bits: int = 8, frac: int = 4) -> str:
        """Quantised weights: an initialiser and its Quant."""
        return self.quant(self.const(values), bits, frac)

    def qcdq(self, x: str, dtype: object = np.int8, frac: int = 4, clip: tuple[int, int] | None = None) -> str:
        """QuantizeLinear, Clip if limits are given, DequantizeLinear."""
        scale, zero = self.const(2.0**-frac), self.const(0, dtype)
        y = self.node("QuantizeLinear", x, scale, zero)
        if clip:
            y = self.node("Clip", y, self.const(clip[0], dtype), self.const(clip[1], dtype))
        return self.node("DequantizeLinear", y, scale, zero)

    def proto(self, *outputs: str, **fields: object) -> onnx.ModelProto:
        """The model. ``fields`` go to the graph."""
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, values, self.initializers, **fields)  # type: ignore[arg-type]
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(QONNX, 2)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def save(self, folder: Path, *outputs: str) -> Path:
        """Write ``model.onnx``."""
        return write(folder, self.proto(*outputs))


def write(folder: Path, model: onnx.ModelProto | bytes) -> Path:
    """A model file in the folder."""
    path = folder / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def weights(*shape: int, seed: int = 0, spread: float = 1.0) -> np.ndarray:
    """Random real weights."""
    return (np.random.default_rng(seed).normal(size=shape) * spread).astype(np.float32)
