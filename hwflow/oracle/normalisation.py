"""Normalisations that the reference evaluator only has as functions of ops, with constants of float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun


def _normalised(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    centred = x - x.mean(axes, keepdims=True)
    return np.asarray(centred / np.sqrt(np.square(centred).mean(axes, keepdims=True) + epsilon))


class GroupNormalization(OpRun):
    """Up to operator set 20 with a scale and a bias for each group, then for each channel."""

    op_domain = ""

    def _run(
        self, x: np.ndarray, scale: np.ndarray, bias: np.ndarray, num_groups: int = 1, epsilon: float = 1e-5, **_: Any
    ) -> tuple[np.ndarray]:
        groups = x.reshape(x.shape[0], num_groups, -1)
        y = _normalised(groups, (2,), epsilon).reshape(x.shape)
        repeat = x.shape[1] // scale.size
        shape = (1, -1, *(1 for _ in x.shape[2:]))
        return (y * np.repeat(scale, repeat).reshape(shape) + np.repeat(bias, repeat).reshape(shape),)


class MeanVarianceNormalization(OpRun):
    op_domain = ""

    def _run(self, x: np.ndarray, axes: Sequence[int] = (0, 2, 3), **_: Any) -> tuple[np.ndarray]:
        centred = x - x.mean(tuple(axes), keepdims=True)
        return (np.asarray(centred / (np.sqrt(np.square(centred).mean(tuple(axes), keepdims=True)) + 1e-9)),)


OPS: tuple[type[OpRun], ...] = (GroupNormalization, MeanVarianceNormalization)
