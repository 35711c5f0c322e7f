"""The ports of golden.onnx: what their data are, and the scales that near-exact mode may leave outside the design.

Golden and the integer graph have the same inputs and outputs in the same order: that of the model file. They take
``real input / input scale`` and give ``real output / output scale``; all scales are 1 in exact mode. They travel in the
metadata of golden.onnx, as JSON from value name to number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hwflow.errors import UserError

INPUT_SCALE, OUTPUT_SCALE = "hwflow.input_scale", "hwflow.output_scale"
STATES = "hwflow.states"
"""Metadata of a streaming model: outputs that are inputs of the next inference, JSON ``{"output": "input", ...}``."""

PortData = NDArray[Any] | Sequence[NDArray[Any]] | Mapping[str, NDArray[Any]]
"""Data of all input ports, each (count, *shape), by name or in their order; one array is that of the only port."""


def per_port(data: PortData, ports: Sequence[str]) -> tuple[NDArray[Any], ...]:
    """One array for each port named, all with the same count. Raises UserError."""
    if isinstance(data, Mapping):
        data = [data[name] for name in ports if name in data]
    arrays = (data,) if isinstance(data, np.ndarray) else tuple(data)
    counts = {len(a) for a in arrays}
    if len(arrays) != len(ports) or len(counts) > 1:
        found = f"{len(arrays)} array(s) of {', '.join(map(str, sorted(counts)))} inference(s)"
        expected = f"one array for each input ({', '.join(ports)}), of the same number of inferences"
        raise UserError("inputs", found, expected, "Give the arrays in the order of the model's inputs.")
    return arrays


@dataclass(frozen=True)
class PortScales:
    """Float64 scales that broadcast against the ports' data, in the order of the ports."""

    inputs: tuple[NDArray[np.float64], ...]
    outputs: tuple[NDArray[np.float64], ...]

    @property
    def input(self) -> NDArray[np.float64]:
        """Of the first input."""
        return self.inputs[0]

    @property
    def output(self) -> NDArray[np.float64]:
        """Of the first output."""
        return self.outputs[0]

    def to_port(self, inputs: NDArray[np.floating], index: int = 0) -> NDArray[np.float32]:
        """Real inputs of one port in the units that golden.onnx takes."""
        return np.asarray(inputs / self.inputs[index], np.float32)

    def to_real(self, outputs: NDArray[np.floating], index: int = 0) -> NDArray[np.float64]:
        """Outputs of one port of golden.onnx in real units."""
        return outputs * self.outputs[index]


def read_port_scales(golden: bytes) -> PortScales:
    """The scales of a serialised golden.onnx."""
    model = onnx.load_from_string(golden)
    entries = {entry.key: entry.value for entry in model.metadata_props}
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = (value.name for value in model.graph.input if value.name not in constants)
    outputs = (value.name for value in model.graph.output)
    return PortScales(_scales(entries.get(INPUT_SCALE), inputs), _scales(entries.get(OUTPUT_SCALE), outputs))


def _scales(text: str | None, names: Iterable[str]) -> tuple[NDArray[np.float64], ...]:
    scales = json.loads(text) if text else {}
    return tuple(np.asarray(scales.get(name, 1.0), np.float64) for name in names)
