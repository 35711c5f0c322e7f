"""Keras whose real functions are correctly rounded, on any processor: what a model that is not of blocks computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import tensorflow as tf

from hwflow.frontends.functions import FUNCTIONS
from hwflow.numerics import evaluate

_OPERATORS = ("Exp", "Log", "Sqrt", "Reciprocal", "Tanh", "Sigmoid", "Erf", "Softplus", "Softsign")
ROUNDED: dict[str, Callable[[Any], Any]] = {
    op.lower(): partial(lambda op, x: evaluate(op, [x]), op) for op in _OPERATORS
}
ROUNDED |= {name: FUNCTIONS[name] for name in ("silu", "gelu")}
ROUNDED["rsqrt"] = lambda x: np.float32(1) / np.sqrt(x)  # as QKeras' layers with a BatchNorm are exported


@contextmanager
def rounded_keras() -> Iterator[list[str]]:
    """While it is open, a model called eagerly computes so. Yields the names of the functions that were called."""
    import keras.src.backend.tensorflow as backend

    called: list[str] = []

    def by_numerics(name: str) -> Callable[..., Any]:
        def function(x: Any, *args: Any, **options: Any) -> Any:
            called.append(name)
            x = tf.convert_to_tensor(x)
            result = tf.numpy_function(ROUNDED[name], [x], tf.float32)
            result.set_shape(x.shape)
            return result

        return function

    with ExitStack() as stack:
        for module in (backend.numpy, backend.math, backend.nn):
            for name in ROUNDED:
                if hasattr(module, name):
                    stack.enter_context(mock.patch.object(module, name, by_numerics(name)))
        yield called


def predict(model: Any, x: Any) -> Any:
    """What the model computes on any processor; that is ``predict``, unless it has real functions outside of blocks."""
    with rounded_keras() as called:
        expected = np.asarray(model(x, training=False))
    if not called:
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    return expected
