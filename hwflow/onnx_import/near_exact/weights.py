"""Quantised weights taken apart again into integers and the scale that they were made with."""

from __future__ import annotations

import numpy as np

from hwflow.onnx_import.near_exact.grid import Reals, is_dyadic, split_step, step_of


def split_weights(array: np.ndarray, axis: int | None, bits: int) -> tuple[np.ndarray, Reals, bool]:
    """Weights on a power-of-two grid and their scale, ``array == weights * scale``, and whether they were float.

    Exporters fold quantised weights into float32; the scale is found again from the numbers (``step_of``), for the
    whole array or else per channel along ``axis`` (the one that is not summed over; None if there is none). Weights
    that no quantiser made are rounded to ``bits`` bits per channel.
    """
    if is_dyadic(array):
        return array, np.asarray(1.0), False
    step = step_of(array)
    if step is not None:
        return *_apart(array, np.asarray(step)), False
    channels = array.reshape(1, -1) if axis is None else np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    found = [step_of(channel) for channel in channels]
    largest = np.abs(channels).max(axis=1) / (2.0 ** (bits - 1) - 1)
    steps = np.asarray([f if f is not None else m for f, m in zip(found, largest, strict=True)], np.float64)
    steps[largest == 0] = np.median(steps[largest > 0])
    shape = [1] * array.ndim
    if axis is not None:
        shape[axis] = -1
    return *_apart(array, steps.reshape(shape)), any(f is None for f in found)


def _apart(array: np.ndarray, steps: Reals) -> tuple[np.ndarray, Reals]:
    scale, unit = split_step(steps)
    return (np.rint(array / steps) * unit).astype(np.float32), scale
