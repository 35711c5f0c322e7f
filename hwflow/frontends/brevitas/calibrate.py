"""Calibration: the power-of-two scale with the smallest squared error, layer by layer, in one forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import brevitas.nn as qnn
import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import values

MAX_EXPONENT = 8  # thresholds stay within 2**-16 .. 2**8, which the attention mask relies on
MIN_EXPONENT = -16
CANDIDATES = 4  # the threshold above the largest magnitude and the next smaller ones
SAMPLE = 1 << 18


def thresholds(model: nn.Module) -> Iterator[tuple[nn.Module, nn.Parameter]]:
    """Every calibrated activation quantizer with its parameter, log2 of the threshold."""
    for module in model.modules():
        if isinstance(module, qnn.QuantIdentity | qnn.QuantReLU):
            proxy: Any = module.act_quant
            scaling = proxy.fused_activation_quant_proxy.tensor_quant.scaling_impl
            if isinstance(getattr(scaling, "value", None), nn.Parameter):
                yield module, scaling.value


@torch.no_grad()
def calibrate(model: nn.Module, inputs: Tensor) -> None:
    """Set every calibrated scale of ``model`` from one batch of ``inputs``, in the order of execution.

    Each quantizer is set just before it first runs, so it sees what the quantizers before it let through. One that
    runs more than once (a shared grid) keeps its largest scale.
    """
    seen: set[int] = set()
    hooks = []
    for module, exponent in thresholds(model):

        def hook(module: nn.Module, args: tuple[Any, ...], exponent: nn.Parameter = exponent) -> None:
            best = _best_exponent(module, values(args[0]))
            exponent.fill_(max(best, exponent.item()) if id(module) in seen else best)
            seen.add(id(module))

        hooks.append(module.register_forward_pre_hook(hook))
    try:
        model.eval()(inputs)
    finally:
        for handle in hooks:
            handle.remove()


def _best_exponent(module: nn.Module, x: Tensor) -> int:
    """The exponent of the threshold with the smallest squared error on ``x``."""
    proxy: Any = module.act_quant
    signed, bits = proxy.is_signed, int(proxy.bit_width())
    sample = x.flatten()[:: max(1, x.numel() // SAMPLE)].float()
    sample = sample if signed else sample.clamp_min(0)
    top = int(torch.frexp(sample.abs().amax()).exponent)
    top = min(max(top, MIN_EXPONENT), MAX_EXPONENT)
    candidates = range(top, max(top - CANDIDATES, MIN_EXPONENT - 1), -1)
    return min(candidates, key=lambda exponent: _squared_error(sample, exponent, bits, signed))


def _squared_error(x: Tensor, exponent: int, bits: int, signed: bool) -> float:
    """Sum of squares of the error that ``bits`` bits with the threshold ``2**exponent`` make on ``x``."""
    step = 2.0 ** (exponent - bits + int(signed))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return float((torch.clamp(torch.round(x / step), low, high) * step - x).square().sum())
