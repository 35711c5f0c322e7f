"""BatchNorm that the float twin trains beside a layer, and that is folded into the weights of the quantised model.

QKeras' own layers with a BatchNorm fold in every step; here it happens once, between the two phases of a training.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization

EPSILON, MOMENTUM = 1e-5, 0.9
NORM, SKIPPED, BEFORE = "norm", "norm_with_skip", "norm_before"  # last part of a norm's name: what folds, and where
LAYER = "conv", "linear"
Arrays = list[NDArray[Any]]


def conv_batch_norm(
    x: KerasTensor, q: Quantization, outputs: int, kernel: int = 1, *, stride: int = 1, scale: float = 1.0
) -> KerasTensor:
    """A convolution, then a BatchNorm whose weights start at ``scale``; puts out the accumulator."""
    return _norm(q.conv("conv", outputs, kernel, stride=stride)(x), q, NORM, scale)


def depthwise_batch_norm(
    x: KerasTensor, q: Quantization, kernel: int, *, stride: int = 1, skip: bool = False
) -> KerasTensor:
    """A depthwise convolution, then a BatchNorm; with ``skip`` plus its input, which folds into the kernel's centre."""
    y = _norm(q.depthwise("conv", kernel, stride=stride)(x), q, SKIPPED if skip else NORM)
    return y if q.enabled or not skip else ops.add(y, x)


def batch_norm_linear(x: KerasTensor, q: Quantization, outputs: int) -> KerasTensor:
    """A BatchNorm over features, then a linear layer."""
    return q.linear("linear", outputs)(_norm(x, q, BEFORE))


def _norm(x: KerasTensor, q: Quantization, name: str, scale: float = 1.0) -> KerasTensor:
    if q.enabled:
        return x
    start = keras.initializers.Constant(scale)
    layer = keras.layers.BatchNormalization(
        momentum=MOMENTUM, epsilon=EPSILON, gamma_initializer=start, name=q.path(name)
    )
    return layer(x)


def folded_weights(model: Any) -> dict[str, Arrays]:
    """Weights by layer name, of all layers that have some; those of the norms are folded into the others."""
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    weights = {name: layer.get_weights() for name, layer in layers.items()}
    for name, layer in layers.items():
        scope, _, kind = name.rpartition(".")
        if kind in (NORM, SKIPPED, BEFORE):
            (target,) = (f"{scope}.{each}" for each in LAYER if f"{scope}.{each}" in layers)
            weights[target] = _folded(weights[target], weights.pop(name), layer.epsilon, kind)
    return weights


def _folded(weights: Arrays, norm: Arrays, epsilon: float, kind: str) -> Arrays:
    """Kernel and bias with the norm in them. A depthwise kernel is (height, width, channels, 1)."""
    (kernel, bias), (gamma, beta, mean, variance) = weights, norm
    factor = gamma / np.sqrt(variance + epsilon)
    shift = beta - mean * factor
    if kind == BEFORE:
        return [kernel * factor[:, None], bias + shift @ kernel]
    depthwise = kernel.ndim == 4 and kernel.shape[-1] == 1 and kernel.shape[-2] == len(factor)
    kernel = kernel * (factor[:, None] if depthwise else factor)
    if kind == SKIPPED:
        kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] += 1
    return [kernel, bias * factor + shift]
