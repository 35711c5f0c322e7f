"""Ops of which the reference evaluator's own are slow, read an older operator set wrongly, or are float32 inside."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

Array = np.ndarray


def by_value(function: Callable[[float], float], x: Array) -> Array:
    """A function of Python's ``math``, once for each value that occurs: quantised tensors have few."""
    values, places = np.unique(x, return_inverse=True)
    found = np.fromiter((function(float(v)) for v in values), np.float64, len(values))
    return found[places].reshape(x.shape)


class Erf(OpRun):
    """The reference evaluator's gives float32, element by element."""

    def _run(self, x: Array, **_: Any) -> tuple[Array]:
        return (by_value(math.erf, x).astype(x.dtype),)


class Gelu(OpRun):
    """Both forms, by their formulas."""

    def _run(self, x: Array, approximate: str = "none", **_: Any) -> tuple[Array]:
        if approximate == "tanh":
            return (0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),)
        return (0.5 * x * (1 + by_value(math.erf, x / math.sqrt(2))),)


class HardSwish(OpRun):
    """alpha = 1/6 and beta = 1/2 are no attributes."""

    def _run(self, x: Array, **_: Any) -> tuple[Array]:
        return (x * np.clip(x / 6 + 0.5, 0, 1),)


class Mish(OpRun):
    """x tanh(softplus(x)), without overflow."""

    def _run(self, x: Array, **_: Any) -> tuple[Array]:
        return (x * np.tanh(np.logaddexp(0, x)),)


class Softplus(OpRun):
    """log(1 + exp(x)), without overflow."""

    def _run(self, x: Array, **_: Any) -> tuple[Array]:
        return (np.logaddexp(0, x),)


class _RowWise(OpRun):
    """Below operator set 13 everything from the axis on is one row."""

    def _run(self, x: Array, axis: int = -1, **_: Any) -> tuple[Array]:
        if self.run_params["opsets"][""] >= 13:
            return (self.rows(x, axis),)
        axis = axis + x.ndim if axis < 0 else axis
        matrix = x.reshape(math.prod(x.shape[:axis]), -1)
        return (self.rows(matrix, 1).reshape(x.shape),)

    def rows(self, x: Array, axis: int) -> Array:
        raise NotImplementedError


class Softmax(_RowWise):
    def rows(self, x: Array, axis: int) -> Array:
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return np.asarray(e / e.sum(axis=axis, keepdims=True))


class LogSoftmax(_RowWise):
    def rows(self, x: Array, axis: int) -> Array:
        shifted = x - x.max(axis=axis, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


class Hardmax(_RowWise):
    def rows(self, x: Array, axis: int) -> Array:
        hot = np.zeros_like(x)
        np.put_along_axis(hot, np.expand_dims(x.argmax(axis), axis), 1, axis)
        return hot


OPS: tuple[type[OpRun], ...] = (Erf, Gelu, HardSwish, Mish, Softplus, Softmax, LogSoftmax, Hardmax)
for _op in OPS:
    _op.op_domain = ""
