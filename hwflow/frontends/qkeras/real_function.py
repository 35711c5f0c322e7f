"""A real function of a quantised tensor as a layer: Keras' own in training, a lookup of rounded values in inference."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops

from hwflow.frontends.functions import FUNCTIONS, Array

KERAS: dict[str, Callable[[Any], Any]] = {
    "exp": ops.exp,
    "exp_of_negative": lambda x: ops.exp(ops.negative(x)),
    "reciprocal": ops.reciprocal,
    "rsqrt": lambda x: ops.reciprocal(ops.sqrt(x)),
    "gelu": lambda x: ops.gelu(x, approximate=False),
    "silu": ops.silu,
    "tanh": ops.tanh,
    "sigmoid": ops.sigmoid,
}


@keras.saving.register_keras_serializable(package="hwflow")
class RealFunction(keras.layers.Layer):  # type: ignore[misc]
    """``f(x + offset)``, f one of `hwflow.frontends.functions`; ``x`` is what a QActivation puts out.

    TensorFlow's functions differ in their last bits from one processor to the next, and between eager, graph and XLA.
    So inference takes the value from a table over the grid of that QActivation, which is the same everywhere.
    """

    def __init__(self, function: str, offset: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.function, self.offset = function, offset
        self._grid: Callable[[], tuple[int, int, bool]] | None = None

    def __call__(self, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """Called on a symbolic tensor, as when a model is built or loaded, it remembers whose grid it works on."""
        history = getattr(inputs, "_keras_history", None)
        if history is not None:
            self._grid = _grid_of(history.operation.activation)
        return super().__call__(inputs, *arguments, **options)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Like the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """``inputs`` of any shape."""
        if training or self._grid is None:
            return KERAS[self.function](ops.add(inputs, self.offset))
        bits, frac, signed = self._grid()
        first = -(1 << (bits - 1)) if signed else 0
        index = ops.cast(ops.subtract(ops.multiply(inputs, 2.0**frac), first), "int32")
        return ops.take(ops.convert_to_tensor(_table(self.function, self.offset, bits, frac, first)), index)

    def get_config(self) -> dict[str, Any]:
        """The configuration that Keras saves."""
        return {**super().get_config(), "function": self.function, "offset": self.offset}


def _grid_of(quantiser: Any) -> Callable[[], tuple[int, int, bool]]:
    """Bits, fraction bits and sign of a quantiser, which calibration may still change."""

    def grid() -> tuple[int, int, bool]:
        signed = bool(getattr(quantiser, "keep_negative", False))
        return int(quantiser.bits), int(quantiser.bits) - int(signed) - int(quantiser.integer), signed

    return grid


@lru_cache(maxsize=256)
def _table(function: str, offset: float, bits: int, frac: int, first: int) -> Array:
    """The function at every number of a grid, in order."""
    x = np.ldexp(np.arange(first, first + (1 << bits), dtype=np.float64), -frac) + offset
    return FUNCTIONS[function](x.astype(np.float32))
