"""The scales of golden.onnx's ports: near-exact mode may leave real units outside the design.

Golden and the integer graph take ``real input / input scale`` and give ``real output / output scale``; both scales
are 1 in exact mode. They travel in the metadata of golden.onnx, as JSON from value name to number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

INPUT_SCALE, OUTPUT_SCALE = "hwflow.input_scale", "hwflow.output_scale"


@dataclass(frozen=True)
class PortScales:
    """Float64 scales that broadcast against the ports' data."""

    input: NDArray[np.float64]
    output: NDArray[np.float64]

    def to_port(self, inputs: NDArray[np.floating]) -> NDArray[np.float32]:
        """Real inputs in the units that golden.onnx takes."""
        return np.asarray(inputs / self.input, np.float32)

    def to_real(self, outputs: NDArray[np.floating]) -> NDArray[np.float64]:
        """Outputs of golden.onnx in real units."""
        return outputs * self.output


def read_port_scales(golden: bytes) -> PortScales:
    """The scales of a serialised golden.onnx."""
    entries = {entry.key: entry.value for entry in onnx.load_from_string(golden).metadata_props}
    return PortScales(_only(entries.get(INPUT_SCALE)), _only(entries.get(OUTPUT_SCALE)))


def _only(text: str | None) -> NDArray[np.float64]:
    scales = json.loads(text) if text else {}
    return np.asarray(next(iter(scales.values()), 1.0), np.float64)
