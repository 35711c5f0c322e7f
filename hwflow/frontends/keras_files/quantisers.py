"""The quantisers of QKeras as data.

Names, order and defaults of the options are those of QKeras (github.com/google/qkeras, qkeras/quantizers.py).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Bits = Annotated[int, Field(ge=1, le=32)]
Exponent = Annotated[int, Field(ge=-64, le=64)]
Alpha = Annotated[float, Field(gt=0)] | Literal["auto", "auto_po2"] | None
One = Annotated[float, Field(ge=1, le=1)]
Zero = Annotated[float, Field(ge=0, le=0)]


class Quantiser(BaseModel):
    """A quantiser of QKeras. Options that change training alone are taken and ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class QuantizedBits(Quantiser):
    """``quantized_bits``: fixed point of ``bits`` bits, sign included, ``integer`` of them left of the point."""

    bits: Bits = 8
    integer: Exponent = 0
    symmetric: bool = False
    keep_negative: bool = True
    alpha: Alpha = None
    use_stochastic_rounding: bool = False
    scale_axis: None = None
    qnoise_factor: One = 1.0
    var_name: str | None = None
    use_ste: bool = True
    use_variables: bool = False
    elements_per_scale: None = None
    min_po2_exponent: None = None
    max_po2_exponent: None = None
    post_training_scale: Any = None


class QuantizedRelu(Quantiser):
    """``quantized_relu``: ReLU and unsigned fixed point; with ``negative_slope`` one bit is a sign."""

    bits: Bits = 8
    integer: Exponent = 0
    use_sigmoid: Zero = 0.0
    negative_slope: Annotated[float, Field(ge=0)] = 0.0
    use_stochastic_rounding: bool = False
    relu_upper_bound: float | None = None
    is_quantized_clip: Literal[True] = True
    qnoise_factor: One = 1.0
    var_name: str | None = None
    use_ste: bool = True
    use_variables: bool = False


class QuantizedTanh(Quantiser):
    """``quantized_tanh``: a hard tanh, or the real one, in fixed point within [-1, 1)."""

    bits: Bits = 8
    use_stochastic_rounding: bool = False
    symmetric: bool = False
    use_real_tanh: bool = False


class QuantizedSigmoid(Quantiser):
    """``quantized_sigmoid``: a hard sigmoid, or the real one, in fixed point within [0, 1)."""

    bits: Bits = 8
    symmetric: bool = False
    use_real_sigmoid: bool = False
    use_stochastic_rounding: bool = False


class Binary(Quantiser):
    """``binary``: -alpha or alpha; with ``use_01`` 0 or alpha."""

    use_01: bool = False
    alpha: Alpha = None
    training: bool = False
    use_stochastic_rounding: bool = False
    scale_axis: None = None
    elements_per_scale: None = None
    min_po2_exponent: None = None
    max_po2_exponent: None = None


class Ternary(Quantiser):
    """``ternary``: -alpha, 0 or alpha, by a threshold."""

    alpha: Alpha = None
    threshold: Annotated[float, Field(gt=0)] | None = None
    use_stochastic_rounding: bool = False
    number_of_unrolls: Annotated[int, Field(ge=0, le=100)] = 5


class PowerOfTwo(Quantiser):
    """``quantized_po2``: plus or minus a power of two. Weights and constants alone."""

    bits: Bits = 8
    max_value: Annotated[float, Field(ge=0)] | None = None
    use_stochastic_rounding: bool = False
    quadratic_approximation: bool = False
    log2_rounding: Literal["rnd", "floor"] = "rnd"
    qnoise_factor: One = 1.0
    var_name: str | None = None
    use_ste: bool = True
    use_variables: bool = False


class ReluPowerOfTwo(Quantiser):
    """``quantized_relu_po2``: a power of two. Weights and constants alone."""

    bits: Bits = 8
    max_value: Annotated[float, Field(ge=0)] | None = None
    negative_slope: Zero = 0.0
    use_stochastic_rounding: bool = False
    quadratic_approximation: bool = False
    log2_rounding: Literal["rnd", "floor"] = "rnd"
    qnoise_factor: One = 1.0
    var_name: str | None = None
    use_ste: bool = True
    use_variables: bool = False


KINDS: dict[str, type[Quantiser]] = {
    "quantized_bits": QuantizedBits,
    "quantized_relu": QuantizedRelu,
    "quantized_tanh": QuantizedTanh,
    "quantized_sigmoid": QuantizedSigmoid,
    "binary": Binary,
    "ternary": Ternary,
    "quantized_po2": PowerOfTwo,
    "quantized_relu_po2": ReluPowerOfTwo,
}
