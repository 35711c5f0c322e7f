"""Observed values of the original model, to choose the ranges of inserted quantisers from."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.fold import remove_unused
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.onnx_import.quantiser import is_quant, read_quantiser
from hwflow.onnx_import.session import session_of

MOVEMENT = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"})
_SAMPLES = 64
_SEED = 0


class Ranges:
    """Runs the model as it was before any rewrite; values are asked for by name."""

    def __init__(self, model: ir.Model, samples: PortData | None) -> None:
        self._model = model.clone()
        ports = self._model.graph.inputs
        if tokens := [port.name for port in ports if port.dtype not in (ir.DataType.FLOAT, None)]:
            raise UserError(
                f"input {tokens[0]!r}", "integers", "float32 in near-exact mode", "Make the rest of the model exact."
            )
        if samples is None:
            rng = np.random.default_rng(_SEED)
            samples = [rng.normal(size=(_SAMPLES, *_shape(port))) * _spread(port) for port in ports]
        self._inputs = {
            port.name: data[:_SAMPLES].astype(np.float32).reshape(-1, *_shape(port))
            for port, data in zip(ports, per_port(samples, [port.name or "" for port in ports]), strict=True)
        }

    def observe(self, value: ir.Value) -> np.ndarray:
        """Values (count, *shape) of a value of the original model; for an inserted one, of what it stands for."""
        if value.name in self._inputs:
            return self._inputs[value.name]
        clone = self._model.clone()
        graph = clone.graph
        by_name = {o.name: o for node in graph for o in node.outputs}
        if value.name not in by_name:
            node = value.producer()
            assert node is not None and node.inputs[0] is not None
            return self.observe(node.inputs[0])
        graph.outputs[:] = [by_name[value.name]]
        remove_unused(graph)
        lower(clone)
        session = session_of(clone)
        names, columns = list(self._inputs), zip(*self._inputs.values(), strict=True)
        found = np.stack([session.run(None, dict(zip(names, row, strict=True)))[0] for row in columns])
        return np.nan_to_num(found.astype(np.float64), posinf=0.0, neginf=0.0)

    def magnitude(self, value: ir.Value) -> float:
        """Largest absolute value observed; 1 for a value that is always 0."""
        return float(np.abs(self.observe(value)).max()) or 1.0


def _shape(port: ir.Value) -> tuple[int, ...]:
    return () if port.shape is None else tuple(port.shape.numpy())


def exponent(magnitude: float) -> int:
    """The smallest power of two that is no less than ``magnitude``."""
    return math.ceil(math.log2(magnitude))


def _spread(port: ir.Value) -> float:
    """The standard deviation that fills the range of the input's quantiser up to three sigma."""
    while True:
        readers = [use.node for use in port.uses()]
        if len(readers) != 1:
            return 1.0
        if is_quant(readers[0]):
            quantiser = read_quantiser(readers[0])
            return float(quantiser.scale.max()) * quantiser.hi / 3
        if readers[0].op_type not in MOVEMENT:
            return 1.0
        port = readers[0].outputs[0]
