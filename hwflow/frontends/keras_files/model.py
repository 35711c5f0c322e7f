"""A functional Keras model as data: what is called on what, configurations and weights. Nothing in it can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]  # "kernel", "bias", "gamma", ... -> array


class Tensor(NamedTuple):
    """Output ``output`` of call ``call`` of the layer ``layer``."""

    layer: str
    call: int = 0
    output: int = 0


@dataclass(frozen=True)
class Layer:
    """A layer or a ``keras.ops`` operation. ``kind`` is its class name; a foreign class keeps its package prefix."""

    name: str
    kind: str
    config: Mapping[str, Any]
    weights: Weights = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One use of a layer. ``arguments``: tensors, numbers, arrays, slices, and lists of them.

    ``options``: keyword arguments that matter, which no handler takes.
    """

    layer: Layer
    number: int
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors among the arguments, in order."""
        return tuple(_tensors((*self.arguments, *self.options.values())))


@dataclass(frozen=True)
class KerasModel:
    """Calls in an order in which each comes after what it reads."""

    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def _tensors(arguments: Any) -> Iterator[Tensor]:
    if isinstance(arguments, Tensor):
        yield arguments
    elif isinstance(arguments, list | tuple):
        for argument in arguments:
            yield from _tensors(argument)


def is_constant(argument: Any) -> bool:
    """Whether an argument is a number or an array."""
    return isinstance(argument, int | float | np.ndarray) and not isinstance(argument, bool)
