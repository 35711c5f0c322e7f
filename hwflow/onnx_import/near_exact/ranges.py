"""Observed values of the original model, to choose the ranges of inserted quantisers from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.fold import remove_unused
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.near_exact.synthetic import CALIBRATION, distributions, draw_all
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.onnx_import.session import session_of

_SAMPLES = 128


class Ranges:
    """Runs the model as it was before any rewrite; values are asked for by name."""

    def __init__(self, model: ir.Model, samples: PortData | None) -> None:
        self._model = model.clone()
        ports = self._model.graph.inputs
        names = [port.name or "" for port in ports]
        if samples is None:
            samples = draw_all(distributions(model), _SAMPLES, CALIBRATION)
        self._inputs = {
            port.name: _spaced(data).astype(_type(port)).reshape(-1, *_shape(port))
            for port, data in zip(ports, per_port(samples, names), strict=True)
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


def _type(port: ir.Value) -> np.dtype[Any]:
    """Of a port's data."""
    return np.dtype(np.float32) if port.dtype is None else port.dtype.numpy()


def _spaced(data: np.ndarray) -> np.ndarray:
    """So many samples from the whole of the data, which may be sorted."""
    spaced: np.ndarray = data[np.linspace(0, len(data) - 1, min(len(data), _SAMPLES)).astype(int)]
    return spaced


def exponent(magnitude: float) -> int:
    """The smallest power of two that is no less than ``magnitude``."""
    return math.ceil(math.log2(magnitude))
