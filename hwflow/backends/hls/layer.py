"""hwflow's kernels as one layer class of hls4ml, registered through its Extension API.

hls4ml matches templates by the class *name*, keeps registrations for the whole process, and needs every type
explicit; the layer therefore carries its own finished CONFIG text and types, and no hls4ml pass may change them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import FixedPrecisionType

from hwflow.data_folder import data_folder
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HlsCode, HlsWeight

LAYER = "HwflowKernel"
_ANY_NUMBER = ("elementwise", "softmax", "layer_norm", "fork", "concat_channels", "concat_tokens")


class HwflowKernel(Layer):  # type: ignore[misc]
    """A kernel. Attributes: ``code`` (HlsCode), ``out_shape`` and ``out_type`` (FixedType), ``type_name`` of a port."""

    def initialize(self) -> None:
        """Called by hls4ml once the inputs are known."""
        precision, shape = fixed_precision(self.get_attr("out_type")), list(self.get_attr("out_shape"))
        type = self.get_attr("type_name", "layer{index}_t")
        for number, output in enumerate(self.outputs):
            suffix = f"_{number}" if len(self.outputs) > 1 else ""  # one type for all: hls4ml declares only one
            self.add_output_variable(shape, output, f"layer{{index}}_out{suffix}", type, precision)
        code: HlsCode = self.get_attr("code")
        for weight in (*code.weights, *code.tables):
            self._add_weight(weight)

    def _add_weight(self, weight: HlsWeight) -> None:
        self.add_weights_variable(
            name=weight.name,
            var_name=weight.name,
            type_name=f"{weight.name}_t",
            precision=fixed_precision(weight.type),
            data=weight.values.ravel().astype(np.float64) * weight.type.step,
        )


class _Config(LayerConfigTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(HwflowKernel)

    def format(self, node: Any) -> str:
        code: HlsCode = node.get_attr("code")
        return code.config


class _Call(FunctionCallTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(HwflowKernel)

    def format(self, node: Any) -> str:
        """The call: sinks, sources and constants in the order of each template's parameters."""
        code: HlsCode = node.get_attr("code")
        headers = ("fixed.h", "reduce.h", code.header)
        node.set_attr("include_header", [f"nnet_utils/{header}" for header in headers])
        sources = [node.get_input_variable(name) for name in node.inputs]
        sinks = [node.variables[name] for name in node.outputs]
        config = f"{node.name}_config"
        if code.function in _ANY_NUMBER:  # of streams: their types are deduced
            order = [*sources, *sinks] if code.function == "fork" else [*sinks, *sources]
            return f"hwflow::{code.function}<{config}>({', '.join(v.name for v in order)});"
        types = ", ".join([*(v.type.name for v in (*sources, *sinks)), config])
        arguments = [*(v.name for v in (*sources, *sinks)), *(w.name for w in code.weights)]
        return f"hwflow::{code.function}<{types}>({', '.join(arguments)});"


def fixed_precision(type: FixedType) -> FixedPrecisionType:
    """The hls4ml type, truncating and wrapping: nothing is left to round when a value gets here."""
    return FixedPrecisionType(width=type.width, integer=type.integer_bits, signed=type.signed)


@cache
def register() -> None:
    """Register layer, templates and headers, once per process."""
    register_layer(LAYER, HwflowKernel)
    backend = get_backend("Vitis")
    backend.register_template(_Config)
    backend.register_template(_Call)
    for header in sorted((data_folder("hls_templates") / "hwflow").glob("*.h")):
        backend.register_source(header)
