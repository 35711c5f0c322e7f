"""Puts the weights and scales of a calibrated Brevitas model into the QKeras model of the same configuration."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from torch import nn

from hwflow.frontends.keras_files.model import KerasModel
from hwflow.frontends.qkeras.calibrate import _exponent, _sources, weight_quantiser
from hwflow.frontends.qkeras.live import read_model


def transfer(source: nn.Module, target: Any) -> None:
    """Copy in place. Every quantiser and every weight of ``target`` must have its counterpart by name."""
    modules = dict(source.named_modules())
    for layer in target.layers:
        if not layer.weights and not hasattr(getattr(layer, "activation", None), "bits"):
            continue
        # The attribute is called "output" where the quantiser is called "output_quant".
        module = modules.get(layer.name) or modules[layer.name.removesuffix("_quant")]
        if isinstance(module, qnn.QuantIdentity | qnn.QuantReLU):
            layer.activation.integer = float(_integer(module.act_quant.scale().detach(), layer.activation))
        else:
            _copy_weights(module, layer)
    _set_biases(target, read_model(target))


def _integer(scale: Any, quantiser: Any) -> int:
    mantissa, exponent = np.frexp(float(scale))
    assert mantissa == 0.5
    return int(exponent - 1 + quantiser.bits - bool(getattr(quantiser, "keep_negative", False)))


def _copy_weights(module: Any, layer: Any) -> None:
    with torch.no_grad():
        weight = _keras_order(module.weight.numpy(), layer)
        variable = next(getattr(layer, n) for n in ("kernel", "depthwise_kernel", "weight") if hasattr(layer, n))
        variable.assign(weight)
        if layer.bias is not None:
            layer.bias.assign(module.bias.numpy().reshape(-1))
        quantiser = weight_quantiser(layer)
        quantiser.integer = _integer(module.quant_weight().scale, quantiser)


def _keras_order(weight: np.ndarray, layer: Any) -> np.ndarray:
    """Windows in front, then inputs, then outputs."""
    if weight.ndim == 4:
        return weight.transpose((2, 3, 0, 1) if hasattr(layer, "depthwise_kernel") else (2, 3, 1, 0))
    return weight.T if hasattr(layer, "kernel") else weight.reshape(-1)


def _set_biases(target: Any, model: KerasModel) -> None:
    layers = {layer.name: layer for layer in target.layers}
    for name, source in _sources(model).items():
        layer, bias = layers[name], layers[name].bias_quantizer_internal
        bias.integer = _exponent(weight_quantiser(layer)) + _exponent(layers[source].activation) + bias.bits - 1
