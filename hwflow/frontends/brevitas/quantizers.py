"""Quantizers with power-of-two scales, zero point 0, round half-even: the only ones an exact model may use.

Each function returns a Brevitas quantizer class, to be handed to a ``brevitas.nn`` layer.
"""

from __future__ import annotations

from typing import Any

import torch
from brevitas.core.function_wrapper import RoundSte
from brevitas.quant.fixed_point import Int8ActPerTensorFixedPointMinMaxInit, Int8WeightPerTensorFixedPoint
from brevitas.quant.scaled_int import IntBias

Quantizer = Any  # a Brevitas injector class; Brevitas ships no types


def _limit(bits: int, frac: int, signed: bool) -> torch.Tensor:
    """The threshold 2**(integer bits without the sign) that Brevitas divides into steps of 2**-frac."""
    return torch.tensor(2.0 ** (bits - int(signed) - frac))


def fixed_point(bits: int, frac: int, signed: bool = True) -> Quantizer:
    """An activation quantizer of constant scale ``2**-frac`` over ``bits`` bits, saturating."""
    return Int8ActPerTensorFixedPointMinMaxInit.let(
        bit_width=bits,
        signed=signed,
        scaling_impl_type="CONST",
        scaling_init=_limit(bits, frac, signed),
        restrict_value_float_to_int_impl=RoundSte,
    )


def calibrated(bits: int, signed: bool = True) -> Quantizer:
    """An activation quantizer whose power-of-two scale is a parameter: ``calibrate`` sets it, training may learn it.

    The exponent is rounded, not ceiled, so that a calibrated one sits in the middle of its bin.
    """
    return Int8ActPerTensorFixedPointMinMaxInit.let(
        bit_width=bits,
        signed=signed,
        scaling_init=torch.tensor(1.0),
        restrict_value_float_to_int_impl=RoundSte,
    )


def weight(bits: int) -> Quantizer:
    """A narrow signed weight quantizer; its power-of-two scale follows the largest magnitude of the tensor."""
    return Int8WeightPerTensorFixedPoint.let(bit_width=bits)


def fixed_point_weight(bits: int, frac: int) -> Quantizer:
    """A narrow signed weight quantizer of constant scale ``2**-frac``."""
    return Int8WeightPerTensorFixedPoint.let(
        bit_width=bits,
        scaling_impl_type="CONST",
        scaling_init=_limit(bits, frac, signed=True),
        restrict_value_float_to_int_impl=RoundSte,
    )


def accumulator_bias(bits: int) -> Quantizer:
    """A bias quantizer on the grid of the accumulator it is added to: scale of the input times scale of the weights."""
    return IntBias.let(bit_width=bits)
