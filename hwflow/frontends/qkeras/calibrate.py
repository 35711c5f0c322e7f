"""Calibration: the power-of-two scale with the smallest squared error, layer by layer, in one forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.frontends.keras_files.model import Call, KerasModel
from hwflow.frontends.qkeras.live import read_model
from hwflow.frontends.qkeras.quantization import FIXED

MAX_EXPONENT = 8  # thresholds stay within 2**-16 .. 2**8, which the attention mask relies on
MIN_EXPONENT = -16
CANDIDATES = 4  # the threshold above the largest magnitude and the next smaller ones
SAMPLE = 1 << 18
_MOVEMENT = frozenset(
    {"Reshape", "Transpose", "Permute", "Flatten", "Squeeze", "ExpandDims", "GetItem", "ZeroPadding2D", "Concatenate"}
)
_WEIGHTS = {"kernel": "kernel", "weight": "weight", "depthwise_kernel": "depthwise"}  # and what its quantiser is called


def calibrate(model: Any, inputs: NDArray[Any]) -> None:
    """Set the integer bits of every quantiser of ``model``, in place; compile the model after it.

    Weights take the threshold above their largest magnitude. Activations are set from one batch of ``inputs``, each
    just before it first runs, so it sees what those before it let through; one that runs more than once (a shared
    grid) keeps its largest scale. Biases go on the grid of their accumulator.
    """
    quantisers = {layer.name: layer.activation for layer in model.layers if hasattr(layer, FIXED) or _is_relu(layer)}
    sources = _sources(read_model(model))
    with ExitStack() as stack:
        for layer in model.layers:
            if layer.name in quantisers and not getattr(layer, FIXED, False):
                _hook(stack, layer, "activation", _Activation(layer.activation))
            elif (weight := _weight(layer)) is not None:
                quantiser = weight_quantiser(layer)
                quantiser.integer = _threshold(_values(layer, weight))
                bias = layer.bias_quantizer_internal
                step = _bias_step(quantiser, quantisers[sources[layer.name]], bias)
                _hook(stack, layer, "bias_quantizer_internal", step)
        model(inputs, training=False)


class _Activation:
    """Sets a quantiser from what it first meets, then quantises."""

    def __init__(self, quantiser: Any) -> None:
        self.quantiser, self.seen = quantiser, False

    def __call__(self, x: Any) -> Any:
        best = best_exponent(np.asarray(x), self.quantiser.bits, _is_signed(self.quantiser))
        best = max(best, int(self.quantiser.integer)) if self.seen else best
        self.quantiser.integer = type(self.quantiser.integer)(best)
        self.seen = True
        return self.quantiser(x)


def _bias_step(weight: Any, source: Any, bias: Any) -> Callable[[Any], Any]:
    """Puts a bias on the grid of its accumulator, which is known when the layer runs."""

    def step(x: Any) -> Any:
        bias.integer = _exponent(weight) + _exponent(source) + bias.bits - 1
        return bias(x)

    return step


def _hook(stack: ExitStack, layer: Any, attribute: str, hook: Any) -> None:
    """Put ``hook`` in an attribute until the stack closes."""
    stack.callback(setattr, layer, attribute, getattr(layer, attribute))
    setattr(layer, attribute, hook)


def _is_relu(layer: Any) -> bool:
    return type(getattr(layer, "activation", None)).__name__ == "quantized_relu"


def _is_signed(quantiser: Any) -> bool:
    return bool(getattr(quantiser, "keep_negative", False))


def _exponent(quantiser: Any) -> int:
    """log2 of the step of a quantiser."""
    return int(quantiser.integer - quantiser.bits + _is_signed(quantiser))


def _weight(layer: Any) -> str | None:
    """The name of the layer's quantised weight."""
    return next((w for w, q in _WEIGHTS.items() if getattr(layer, f"{q}_quantizer_internal", None) is not None), None)


def weight_quantiser(layer: Any) -> Any:
    """What quantises the layer's weight."""
    return getattr(layer, f"{_WEIGHTS[_weight(layer) or '']}_quantizer_internal")


def _values(layer: Any, weight: str) -> NDArray[Any]:
    """The weights as they are quantised: with a BatchNorm folded in."""
    return np.asarray(layer.get_folded_weights()[0] if hasattr(layer, "get_folded_weights") else getattr(layer, weight))


def _threshold(weights: NDArray[Any]) -> int:
    """The exponent of the power of two above the largest magnitude."""
    most = float(np.abs(weights).max(initial=0.0))
    return min(max(math.ceil(math.log2(most)), MIN_EXPONENT), MAX_EXPONENT) if most else 0


def _sources(model: KerasModel) -> Mapping[str, str]:
    """For each layer with weights the quantiser in front of it, past reshapes and transpositions."""
    calls = {(call.layer.name, call.number): call for call in model.calls}

    def source(call: Call) -> str:
        tensor = call.tensors[0]
        before = calls[tensor.layer, tensor.call]
        return source(before) if before.layer.kind in _MOVEMENT else before.layer.name

    return {call.layer.name: source(call) for call in model.calls if call.layer.weights}


def best_exponent(x: NDArray[Any], bits: int, signed: bool) -> int:
    """The exponent of the threshold with the smallest squared error on ``x``."""
    sample = x.ravel()[:: max(1, x.size // SAMPLE)].astype(np.float32)
    sample = sample if signed else np.maximum(sample, 0)
    top = int(np.frexp(np.abs(sample).max(initial=0))[1])
    top = min(max(top, MIN_EXPONENT), MAX_EXPONENT)
    candidates = range(top, max(top - CANDIDATES, MIN_EXPONENT - 1), -1)
    return min(candidates, key=lambda exponent: _squared_error(sample, exponent, bits, signed))


def _squared_error(x: NDArray[np.float32], exponent: int, bits: int, signed: bool) -> float:
    """Sum of squares of the error that ``bits`` bits with the threshold ``2**exponent`` make on ``x``."""
    step = np.float32(2.0 ** (exponent - bits + int(signed)))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return float(np.square(np.clip(np.rint(x / step), low, high) * step - x).sum(dtype=np.float64))
