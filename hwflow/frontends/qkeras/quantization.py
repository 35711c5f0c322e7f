"""`Quantization`: makes the quantised layers of a model, or their float twins, at the configured bit widths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import qkeras
from keras import ops

from hwflow.errors import UserError
from hwflow.frontends.qkeras.real_function import KERAS, RealFunction
from hwflow.frontends.qkeras.scale_bias import ScaleBias
from hwflow.models.precision import Kind, Precision

KerasTensor = Any  # Keras ships no types
Step = Callable[[KerasTensor], KerasTensor]
FIXED = "hwflow_fixed"  # the attribute of a layer whose grid calibration must not change


@dataclass(frozen=True)
class Quantization:
    """A factory of layers, seen from one place of the model; names are those of the Brevitas zoo.

    With ``enabled=False`` it makes the float twin: the same names and weights without a quantiser.
    Integer bits are those of `calibrate`, which must follow; until then every grid is a guess.
    """

    precision: Precision = field(default_factory=Precision)
    scope: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.precision.uniform:
            raise UserError(
                "precision", "one format for every tensor", "widths that float32 computes exactly",
                "Train with Brevitas: QKeras computes in float32.",
            )  # fmt: skip

    def at(self, name: str) -> Quantization:
        """The same factory one level down."""
        return replace(self, scope=self.path(name))

    def path(self, name: str) -> str:
        """The full name of a layer at this place."""
        return f"{self.scope}.{name}" if self.scope else name

    def bits(self, kind: Kind, name: str) -> int:
        """The configured width of the quantiser ``name`` at this place."""
        return self.precision.bits(kind, self.path(name))

    def identity(self, name: str, kind: Kind = "activation", *, signed: bool = True, frac: int | None = None) -> Step:
        """A requantisation: calibrated, or of the fixed fraction ``frac``."""
        if not self.enabled:
            return _nothing
        bits = self.bits(kind, name)
        integer = 0 if frac is None else bits - int(signed) - frac
        quantiser = qkeras.quantized_bits(bits, integer, symmetric=0, keep_negative=signed, alpha=1.0)
        layer = qkeras.QActivation(quantiser, name=self.path(name))
        setattr(layer, FIXED, frac is not None)
        return _step(layer)

    def relu(self, name: str) -> Step:
        """ReLU and an unsigned requantisation."""
        if not self.enabled:
            return _step(keras.layers.ReLU(name=self.path(name)))
        # A real number: QKeras takes 2**integer, which TensorFlow computes for negative integers as reals alone.
        quantiser = qkeras.quantized_relu(self.bits("activation", name), 0.0)
        return _step(qkeras.QActivation(quantiser, name=self.path(name)))

    def linear(self, name: str, outputs: int, *, bias: bool = True) -> Step:
        """A linear layer that puts out its exact accumulator; the block behind it requantises."""
        if not self.enabled:
            return _step(keras.layers.Dense(outputs, use_bias=bias, name=self.path(name)))
        quantisers = self._parameters(name, "kernel_quantizer")
        return _step(_free(qkeras.QDense(outputs, use_bias=bias, name=self.path(name), **quantisers)))

    def strided_conv(self, name: str, outputs: int, kernel: int, stride: int) -> Step:
        """A convolution over time, (batch, frames, inputs), without padding; puts out its exact accumulator."""
        if not self.enabled:
            return _step(keras.layers.Conv1D(outputs, kernel, stride, name=self.path(name)))
        quantisers = self._parameters(name, "kernel_quantizer")
        return _step(_free(qkeras.QConv1D(outputs, kernel, stride, name=self.path(name), **quantisers)))

    def conv(self, name: str, outputs: int, kernel: int = 1, *, stride: int = 1) -> Step:
        """A convolution of images (batch, height, width, channels), padded by ``kernel // 2``; else like `linear`."""
        options = {"strides": stride, "name": self.path(name)}
        if self.enabled:
            options |= self._parameters(name, "kernel_quantizer")
        kind = qkeras.QConv2D if self.enabled else keras.layers.Conv2D
        return _padded(_free(kind(outputs, kernel, **options)), kernel)

    def depthwise(self, name: str, kernel: int, *, stride: int = 1) -> Step:
        """The same for each channel alone."""
        options = {"strides": stride, "name": self.path(name)}
        if self.enabled:
            options |= self._parameters(name, "depthwise_quantizer")
        kind = qkeras.QDepthwiseConv2D if self.enabled else keras.layers.DepthwiseConv2D
        return _padded(_free(kind(kernel, **options)), kernel)

    def scale_bias(self, name: str) -> Step:
        """``x * weight + bias`` per feature of the last axis, exact (the affine part of a normalisation)."""
        quantisers = self._parameters(name, "weight_quantizer") if self.enabled else {}
        return _step(ScaleBias(name=self.path(name), **quantisers))

    def function(self, name: str, function: str, offset: float = 0.0) -> Step:
        """``f(x + offset)`` of what a requantisation puts out, f one of `hwflow.frontends.functions`."""
        if self.enabled:
            return _step(RealFunction(function, offset, name=self.path(name)))
        return lambda x: KERAS[function](ops.add(x, offset) if offset else x)

    def linear_batch_norm(self, name: str, outputs: int) -> Step:
        """A linear layer with a BatchNorm that is folded into it, in training and in the exported file.

        QKeras' own ``QDenseBatchnorm`` (which needs the axis from the front to reduce over the right ones).
        """
        quantisers = self._parameters(name, "kernel_quantizer") if self.enabled else {}

        def step(x: KerasTensor) -> KerasTensor:
            axis = len(x.shape) - 1
            return _free(qkeras.QDenseBatchnorm(outputs, axis=axis, name=self.path(name), **quantisers))(x)

        return step

    def _parameters(self, name: str, weight: str) -> dict[str, Any]:
        """Weights in a narrow range; a bias whose grid calibration puts on that of the accumulator."""
        bits, bias_bits = self.bits("weight", name), self.bits("bias", f"{name}.bias")
        return {
            weight: qkeras.quantized_bits(bits, 0, symmetric=1, alpha=1.0),
            "bias_quantizer": qkeras.quantized_bits(bias_bits, 0, symmetric=0, alpha=1.0),
        }


def _free(layer: Any) -> Any:
    """Without the constraints that QKeras derives from the integer bits, which are not yet known."""
    layer.kernel_constraint = layer.depthwise_constraint = layer.bias_constraint = None
    return layer


def _padded(layer: Any, kernel: int) -> Step:
    """The layer behind zeros on every side: Keras' own padding is lopsided where the stride is 2."""
    if kernel == 1:
        return _step(layer)
    padding = keras.layers.ZeroPadding2D(kernel // 2, name=f"{layer.name}.padding")
    return lambda x: layer(padding(x))


def _step(layer: Any) -> Step:
    """The layer as a function."""
    step: Step = layer
    return step


def _nothing(x: KerasTensor) -> KerasTensor:
    return x
