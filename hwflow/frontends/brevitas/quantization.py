"""`Quantization`: makes the quantized layers of a model, or their float twins, at the configured bit widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import brevitas.nn as qnn
import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas import quantizers
from hwflow.frontends.brevitas.quantizers import Quantizer
from hwflow.models.precision import Kind, Precision

Quantized = Any  # a Tensor, or a Brevitas QuantTensor that carries its scale along


def values(x: Quantized) -> Tensor:
    """The plain tensor of values, whether ``x`` carries a scale or not."""
    tensor: Tensor = x if isinstance(x, Tensor) else x.value
    return tensor


def concat(parts: Sequence[Quantized], axis: int) -> Quantized:
    """Tensors that one quantizer put out, side by side; keeps the scale, which is that of the last."""
    joined = torch.cat([values(part) for part in parts], axis)
    return joined if isinstance(parts[-1], Tensor) else parts[-1].set(value=joined)


@dataclass(frozen=True)
class Quantization:
    """A factory of layers, seen from one place of the model.

    With ``enabled=False`` it makes the float twin: the same modules and parameter names without a quantizer.
    """

    precision: Precision = field(default_factory=Precision)
    scope: str = ""
    enabled: bool = True

    def at(self, name: str) -> Quantization:
        """The same factory one level down; ``name`` is the attribute the layer will be stored in."""
        return replace(self, scope=self._path(name))

    def bits(self, kind: Kind, name: str) -> int:
        """The configured width of the quantizer ``name`` at this place."""
        return self.precision.bits(kind, self._path(name))

    def identity(
        self, name: str, kind: Kind = "activation", *, signed: bool = True, frac: int | None = None
    ) -> nn.Module:
        """A requantisation: calibrated, or of the fixed fraction ``frac``. Puts out a tensor with its scale."""
        if not self.enabled:
            return nn.Identity()
        layer: nn.Module = qnn.QuantIdentity(act_quant=self._act(name, kind, signed, frac), return_quant_tensor=True)
        return layer

    def relu(self, name: str) -> nn.Module:
        """ReLU and an unsigned requantisation."""
        if not self.enabled:
            return nn.ReLU()
        layer: nn.Module = qnn.QuantReLU(act_quant=self._act(name, "activation", False, None), return_quant_tensor=True)
        return layer

    def linear(self, name: str, inputs: int, outputs: int, *, bias: bool = True) -> nn.Module:
        """A linear layer that puts out its exact accumulator; the block behind it requantises.

        The bias lies on the accumulator's grid, so the input must carry its scale.
        """
        if not self.enabled:
            return nn.Linear(inputs, outputs, bias=bias)
        layer: nn.Module = qnn.QuantLinear(inputs, outputs, bias=bias, **self._parameters(name))
        return layer

    def strided_conv(self, name: str, inputs: int, outputs: int, kernel: int, stride: int) -> nn.Module:
        """A convolution over time, (batch, inputs, frames), without padding; puts out its exact accumulator."""
        if not self.enabled:
            return nn.Conv1d(inputs, outputs, kernel, stride)
        layer: nn.Module = qnn.QuantConv1d(inputs, outputs, kernel, stride, **self._parameters(name))
        return layer

    def conv(
        self, name: str, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1
    ) -> nn.Module:
        """A convolution of images (batch, inputs, height, width), padded by ``kernel // 2``; else like `linear`."""
        shape = {"stride": stride, "padding": kernel // 2, "groups": groups}
        if not self.enabled:
            return nn.Conv2d(inputs, outputs, kernel, **shape)  # type: ignore[arg-type]
        layer: nn.Module = qnn.QuantConv2d(inputs, outputs, kernel, **shape, **self._parameters(name))
        return layer

    def scale_bias(self, name: str, features: int, *, trailing: int = 0) -> nn.Module:
        """``x * weight + bias`` per feature, exact (the affine part of a normalisation).

        The features are the last axis but ``trailing`` ones: the last of a sequence, the first of an image.
        """
        shape = (-1, *(1,) * trailing)
        if not self.enabled:
            return _Affine(features, shape)
        layer: nn.Module = qnn.QuantScaleBias(features, bias=True, runtime_shape=shape, **self._parameters(name))
        return layer

    def _path(self, name: str) -> str:
        return f"{self.scope}.{name}" if self.scope else name

    def _act(self, name: str, kind: Kind, signed: bool, frac: int | None) -> Quantizer:
        if uniform := self.precision.uniform:
            return quantizers.fixed_point(uniform.bits, uniform.frac, signed)
        bits = self.bits(kind, name)
        return quantizers.calibrated(bits, signed) if frac is None else quantizers.fixed_point(bits, frac, signed)

    def _parameters(self, name: str) -> dict[str, Quantizer]:
        if uniform := self.precision.uniform:
            weight = quantizers.fixed_point_weight(uniform.bits, uniform.frac)
            return {"weight_quant": weight, "bias_quant": quantizers.accumulator_bias(min(32, 2 * uniform.bits))}
        weight = quantizers.weight(self.bits("weight", name))
        return {"weight_quant": weight, "bias_quant": quantizers.accumulator_bias(self.bits("bias", f"{name}.bias"))}


class _Affine(nn.Module):
    """Float twin of ``brevitas.nn.QuantScaleBias``."""

    def __init__(self, features: int, shape: tuple[int, ...] = (-1,)) -> None:
        super().__init__()
        self.shape = shape
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight.reshape(self.shape) + self.bias.reshape(self.shape)
