"""Activations: QKeras quantisers become Quant nodes, plain functions the ONNX operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.frontends.keras_files import quantisers as q
from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.keras_files.read_quantiser import read_activation
from hwflow.frontends.qkeras.handlers.common import refused, subject, tensor
from hwflow.frontends.qkeras.writer import Value, Writer

FUNCTIONS = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "exponential": "Exp",
    "softplus": "Softplus",
    "softsign": "Softsign",
}


def activation(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """``Activation`` and ``QActivation``."""
    return apply(writer, layer, tensor(layer, arguments))


def apply(writer: Writer, layer: Layer, value: Value, option: str = "activation") -> Value:
    """The activation that the layer names under ``option``, if any."""
    chosen = read_activation(f"{subject(layer)}, {option}", layer.config.get(option))
    if chosen is None:
        return value
    if isinstance(chosen, str):
        return _function(writer, layer, value, chosen)
    rule = _RULES.get(type(chosen))
    if rule is None:
        raise refused(layer, f"{type(chosen).__name__} on activations", "fixed point", "Use quantized_bits.")
    if isinstance(getattr(chosen, "alpha", None), str):
        reason = f"alpha={chosen.alpha!r} on activations, whose scale depends on the data"  # type: ignore[attr-defined]
        raise refused(layer, reason, "alpha=1", "Set alpha=1 and enough integer bits.")
    return writer.like(value, rule(writer, subject(layer), value.name, chosen))


def _function(writer: Writer, layer: Layer, value: Value, name: str) -> Value:
    """A plain function by its Keras name."""
    if name in FUNCTIONS:
        return writer.like(value, writer.op(FUNCTIONS[name], value.name))
    if name == "softmax":
        value = writer.keras_order(value)
        return writer.like(value, writer.op("Softmax", value.name, axis=-1))
    if name in ("silu", "swish"):
        return writer.like(value, writer.op("Mul", value.name, writer.op("Sigmoid", value.name)))
    if name == "gelu":
        return writer.like(value, _gelu(writer, value.name))
    known = ", ".join([*q.KINDS, *FUNCTIONS, "softmax", "silu", "gelu"])
    raise refused(layer, f"the activation {name!r}", f"one of {known}", "Use one of these.")


def _gelu(writer: Writer, x: str) -> str:
    """The erf form: ``x / 2 * (1 + erf(x / sqrt 2))``."""
    erf = writer.op("Erf", writer.op("Div", x, writer.constant(np.sqrt(2.0))))
    return writer.op("Mul", writer.op("Mul", x, writer.op("Add", erf, writer.constant(1.0))), writer.constant(0.5))


def real_function(writer: Writer, layer: Layer, arguments: Sequence[Any]) -> Value:
    """hwflow's own RealFunction."""
    value, name, offset = tensor(layer, arguments), layer.config["function"], float(layer.config["offset"])
    if offset:
        value = writer.like(value, writer.op("Add", value.name, writer.constant(offset)))
    if name not in _REAL:
        return _function(writer, layer, value, name)
    return writer.like(value, reduce(lambda x, op: writer.op(op, x), _REAL[name], value.name))


_REAL = {
    "exp": ("Exp",),
    "exp_of_negative": ("Neg", "Exp"),
    "reciprocal": ("Reciprocal",),
    "rsqrt": ("Sqrt", "Reciprocal"),
}


def _bits(w: Writer, place: str, x: str, o: q.QuantizedBits) -> str:
    alpha = 1.0 if o.alpha is None else float(o.alpha)
    unsigned_bits = o.bits - o.keep_negative
    if unsigned_bits == 0:
        return _sign(w, x, alpha, zero_one=not o.keep_negative)
    scale = alpha * 2.0 ** (o.integer - unsigned_bits)
    # QKeras scales after rounding: an alpha is a factor of the result, not of the step that x is rounded to.
    step = 2.0 ** (o.integer - unsigned_bits)
    y = w.quant(x, step, o.bits, signed=o.keep_negative, narrow=o.keep_negative and o.symmetric)
    return y if scale == step else w.op("Mul", y, w.constant(alpha))


def _relu(w: Writer, place: str, x: str, o: q.QuantizedRelu) -> str:
    if o.negative_slope:
        return _leaky(w, place, x, o)
    return w.quant(w.op("Relu", x), 2.0 ** (o.integer - o.bits), o.bits, signed=False)


def _leaky(w: Writer, place: str, x: str, o: q.QuantizedRelu) -> str:
    """Positive values and, times the slope, negative ones down to ``-slope * 2**integer``, on one grid."""
    step = 2.0 ** (o.integer - o.bits + 1)
    limit = o.negative_slope * 2.0**o.integer
    if limit < step or np.frexp(o.negative_slope)[0] != 0.5:
        found = f"negative_slope={o.negative_slope:g} with {o.bits} bits"
        raise UserError(place, found, "a power of two that leaves a step", "Take a larger slope or more bits.")
    above = w.quant(w.op("Relu", x), step, o.bits - 1, signed=False)
    slope = w.op("Clip", w.op("Mul", x, w.constant(o.negative_slope)), w.constant(-limit), w.constant(0.0))
    return w.op("Add", above, w.quant(slope, step, o.bits + 1))


def _tanh(w: Writer, place: str, x: str, o: q.QuantizedTanh) -> str:
    """QKeras' own tanh is the identity between -1 and 1, where the quantiser saturates anyway."""
    y = w.op("Tanh", x) if o.use_real_tanh else x
    return w.quant(y, 2.0 ** (1 - o.bits), o.bits, narrow=o.symmetric)


def _sigmoid(w: Writer, place: str, x: str, o: q.QuantizedSigmoid) -> str:
    """QKeras' own sigmoid is ``x / 2 + 1/2``, saturated."""
    half = w.constant(0.5)
    y = w.op("Sigmoid", x) if o.use_real_sigmoid else w.op("Add", w.op("Mul", x, half), half)
    y = w.quant(y, 2.0**-o.bits, o.bits, signed=False)
    return w.op("Clip", y, w.constant(2.0**-o.bits), w.constant(1.0)) if o.symmetric else y


def _binary(w: Writer, place: str, x: str, o: q.Binary) -> str:
    return _sign(w, x, 1.0 if o.alpha is None else float(o.alpha), o.use_01)


def _sign(w: Writer, x: str, alpha: float, zero_one: bool) -> str:
    """``x >= 0`` is ``floor(x + 1)`` clipped to {0, 1}; then to {-1, 1}."""
    y = w.quant(w.op("Add", x, w.constant(1.0)), 1.0, 1, signed=False, rounding="FLOOR")
    if not zero_one:
        y = w.op("Sub", w.op("Mul", y, w.constant(2.0)), w.constant(1.0))
    return y if alpha == 1 else w.op("Mul", y, w.constant(alpha))


def _ternary(w: Writer, place: str, x: str, o: q.Ternary) -> str:
    """``([x >= t] - [x <= -t])`` by signs alone, so that no threshold is rounded; a table behind a narrow quantiser."""
    threshold = w.constant(np.float32(0.33 if o.threshold is None else o.threshold))
    half = w.constant(0.5)
    up = w.op("Sign", w.op("Add", w.op("Sign", w.op("Sub", x, threshold)), half))
    down = w.op("Sign", w.op("Sub", w.op("Sign", w.op("Add", x, threshold)), half))
    y = w.quant(w.op("Mul", w.op("Add", up, down), half), 1.0, 2, narrow=True)
    return y if o.alpha in (None, 1.0) else w.op("Mul", y, w.constant(o.alpha))


_RULES: dict[type[q.Quantiser], Callable[[Writer, str, str, Any], str]] = {
    q.QuantizedBits: _bits,
    q.QuantizedRelu: _relu,
    q.QuantizedTanh: _tanh,
    q.QuantizedSigmoid: _sigmoid,
    q.Binary: _binary,
    q.Ternary: _ternary,
}
