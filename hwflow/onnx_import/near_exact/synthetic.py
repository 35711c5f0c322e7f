"""Inputs for a model that comes without data: one distribution for each input, from what the model says about it.

A quantiser that reads the input first gives its range, as three standard deviations on either side of the centre. A
BatchNormalization gives mean and deviation of each channel, the table of an Embedding its rows. Where the model says
nothing, numbers are standard normal. Calibration and measurement draw disjoint samples of the same distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from hwflow.onnx_import.attributes import float_of
from hwflow.onnx_import.near_exact.queries import MOVES, array_of, is_op, operand
from hwflow.onnx_import.quantiser import is_quant, read_quantiser

CALIBRATION, MEASUREMENT = 0, 1
"""Purposes: each has random numbers of its own."""
_SEED = 2026
_SIGMAS = 3


@dataclass(frozen=True)
class Distribution:
    """Of one input of ``shape``: normal numbers, or with ``rows`` uniform row numbers of a table."""

    shape: tuple[int, ...]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    rows: int = 0

    def draw(self, count: int, purpose: int, port: int) -> NDArray[np.float64]:
        """``count`` seeded samples (count, *shape) of the input number ``port``."""
        rng, shape = np.random.default_rng([_SEED, purpose, port]), (count, *self.shape)
        if self.rows:
            return rng.integers(self.rows, size=shape).astype(np.float64)
        return rng.normal(size=shape) * self.deviation + self.mean


def distributions(model: ir.Model) -> tuple[Distribution, ...]:
    """One for each input of a simplified model."""
    return tuple(_distribution(port) for port in model.graph.inputs)


def draw_all(described: tuple[Distribution, ...], count: int, purpose: int) -> list[NDArray[np.float64]]:
    """Samples of every input."""
    return [each.draw(count, purpose, port) for port, each in enumerate(described)]


def _distribution(port: ir.Value) -> Distribution:
    shape = () if port.shape is None else tuple(int(n) for n in port.shape.numpy())
    mean, deviation = np.asarray(0.0), np.asarray(1.0)
    is_tokens = port.dtype not in (ir.DataType.FLOAT, None)
    for node in _first_readers(port):
        if is_tokens and is_op(node, "Gather") and (table := array_of(node.inputs[0])) is not None:
            return Distribution(shape, mean, deviation, len(table))
        if is_quant(node):
            quantiser = read_quantiser(node)
            step = float(quantiser.scale.max())
            point = quantiser.point or 0
            mean = np.asarray(step * ((quantiser.lo + quantiser.hi) / 2 - point))
            deviation = np.asarray(step * (quantiser.hi - quantiser.lo) / (2 * _SIGMAS))
            return Distribution(shape, mean, deviation)
        if is_op(node, "BatchNormalization") and node.inputs[0] is port:
            return Distribution(shape, *_statistics(node, len(shape)))
    return Distribution(shape, mean, deviation, int(is_tokens))


def _first_readers(value: ir.Value) -> list[ir.Node]:
    """What reads a value first, movements left out."""
    found: list[ir.Node] = []
    for use in value.uses():
        node = use.node
        moves = node.op_type in MOVES and operand(node) is value
        found += _first_readers(node.outputs[0]) if moves else [node]
    return found


def _statistics(node: ir.Node, rank: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean, variance = (array_of(value) for value in node.inputs[3:5])
    if mean is None or variance is None:
        return np.asarray(0.0), np.asarray(1.0)
    shape = (1, -1, *(1,) * (rank - 2))
    deviation = np.sqrt(variance.astype(np.float64) + float_of(node, "epsilon", 1e-5))
    return mean.astype(np.float64).reshape(shape), deviation.reshape(shape)
