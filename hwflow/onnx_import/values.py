"""What the importer knows of each ONNX value while it walks the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import IntArray


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of real numbers, not yet on any grid."""

    array: np.ndarray


@dataclass(frozen=True, slots=True)
class RawInput:
    """A graph input of shape ``port`` before its quantiser. Movement ops wait in ``moves`` for the quantiser.

    ``is_tokens``: integers that name rows of a table; they have no quantiser.
    """

    name: str
    port: tuple[int, ...]
    shape: tuple[int, ...]
    moves: tuple[Move, ...] = ()
    is_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A deferred Reshape or Transpose of a raw input (quantising commutes with moving)."""

    op_type: str
    argument: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A dynamic value.

    ``id``: the integer tensor, or None while it is a real function that waits for its quantiser.
    ``shape``: the ONNX shape. ``batch``: the ONNX axis of size 1 that the integer tensor leaves out, counted from the
    end (negative), or None when the integer tensor has the full shape.
    ``source``: the narrow integer tensor (and its ONNX name) of which this value is a function, element by element.
    """

    id: str | None
    shape: tuple[int, ...]
    batch: int | None
    source: Source | None = None

    @property
    def ir_shape(self) -> tuple[int, ...]:
        """Shape of the integer tensor."""
        return drop_axis(self.shape, self.batch)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a unary chain starts: the integer tensor and the ONNX value that carries it."""

    id: str
    name: str


Symbol = Constant | RawInput | Value


def drop_axis(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    """``shape`` without ``axis`` (counted from the end)."""
    if axis is None:
        return shape
    index = len(shape) + axis
    return shape[:index] + shape[index + 1 :]


def first_unit_axis(shape: tuple[int, ...]) -> int | None:
    """The first axis of size 1, counted from the end; the only axis of a vector stays."""
    if len(shape) == 1:
        return None
    return next((i - len(shape) for i, n in enumerate(shape) if n == 1), None)


def dyadic(array: np.ndarray) -> tuple[IntArray, int]:
    """Integers and fraction with ``array == integers * 2**-fraction`` exactly, and the smallest such fraction.

    Every finite float is dyadic; a float that no quantiser made shows by integers of about 24 bits or more.
    """
    if not np.all(np.isfinite(array)):
        raise OverflowError("values that are not finite")
    mantissa, exponent = np.frexp(array.astype(np.float64))
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.where(whole == 0, 64, _trailing_zeros(whole))
    fracs = np.where(whole == 0, -(1 << 20), 53 - exponent - trailing)
    frac = int(fracs.max(initial=-(1 << 20)))
    if frac == -(1 << 20):  # all zero
        return np.zeros(array.shape, np.int64), 0
    scaled = np.ldexp(array.astype(np.float64), frac)
    if np.abs(scaled).max() >= 2.0**53:
        raise OverflowError(f"a spread of {np.abs(scaled).max():.3g} steps")
    return scaled.astype(np.int64), frac


def _trailing_zeros(whole: IntArray) -> IntArray:
    _, exponents = np.frexp((whole & -whole).astype(np.float64))
    return exponents.astype(np.int64) - 1
