"""What handlers share: reading operands and options of a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwflow.errors import UserError
from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.keras_files.read_quantiser import read_quantiser
from hwflow.frontends.qkeras.fixed import Fixed, quantise
from hwflow.frontends.qkeras.writer import Value, Weight

_AUTOMATIC = frozenset({"kernel", "depthwise_kernel", "gamma", "moving_variance"})


def subject(layer: Layer) -> str:
    """The layer in messages."""
    return f"layer {layer.name!r} ({layer.kind})"


def refused(layer: Layer, found: str, expected: str, remedy: str = "Change the layer and train again.") -> UserError:
    """The error for a layer that cannot be exported exactly."""
    return UserError(subject(layer), found, expected, remedy)


def operands(arguments: Sequence[Any]) -> list[Any]:
    """Tensors and constants of a call, lists flattened."""
    return list(_flat(arguments))


def _flat(arguments: Any) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list | tuple):
            yield from _flat(argument)
        else:
            yield argument


def tensor(layer: Layer, arguments: Sequence[Any]) -> Value:
    """The one tensor that a layer works on."""
    values = operands(arguments)
    if len(values) != 1 or not isinstance(values[0], Value):
        raise refused(layer, f"{len(values)} operands", "one tensor", "Call it on one tensor.")
    return values[0]


def channels_last(layer: Layer) -> None:
    """Refuse data with channels first."""
    if layer.config.get("data_format") not in (None, "channels_last"):
        raise refused(layer, "data_format='channels_first'", "channels_last")


def integers(layer: Layer, option: str, count: int) -> tuple[int, ...]:
    """An option of ``count`` positive integers, which Keras also writes as one number."""
    value = layer.config[option]
    values = tuple(value) if isinstance(value, list | tuple) else (value,) * count
    if len(values) != count or not all(type(v) is int and 0 < v <= 1 << 16 for v in values):
        raise refused(layer, f"{option}={value}", f"{count} positive integers")
    return values


def weights(layer: Layer, name: str, option: str, array: NDArray[Any] | None = None) -> Weight:
    """A weight as the layer uses it: quantised by the quantiser ``option``, or as it is when there is none.

    ``array`` replaces the stored weight ``name``. Some get an automatic scale, as in QKeras.
    """
    values = layer.weights[name] if array is None else array
    quantiser = read_quantiser(f"{subject(layer)}, {option}", layer.config.get(option))
    if quantiser is None:
        return np.asarray(values, np.float32)
    return quantise(subject(layer), quantiser, values, automatic=name in _AUTOMATIC)


def plain(weight: Weight) -> NDArray[Any]:
    """The numbers alone."""
    return weight.values if isinstance(weight, Fixed) else weight


def shaped(layer: Layer, weight: Weight, shape: tuple[int, ...]) -> None:
    """Refuse a weight of another shape than the layer has."""
    found = plain(weight).shape
    if found != shape:
        raise refused(layer, f"weights of shape {list(found)}", f"{list(shape)}", "Save the model again.")
