"""Convolutions and pools, one tap of the kernel after the other: fast in numpy, and of any number of axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

Array = np.ndarray


@dataclass(frozen=True)
class Windows:
    """Where the taps of a kernel lie over the pixels (N, C, *sizes), by the formulas of ONNX' Conv and pools."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, x: Array, kernel: Sequence[int], attributes: dict[str, Any]) -> Windows:
        axes, auto = x.ndim - 2, attributes.get("auto_pad") or "NOTSET"
        strides = tuple(attributes.get("strides") or (1,) * axes)
        dilations = tuple(attributes.get("dilations") or (1,) * axes)
        given = tuple(attributes.get("pads") or (0,) * 2 * axes)
        pads, sizes = [], []
        for n, stride, k, d, first, last in zip(
            x.shape[2:], strides, kernel, dilations, given[:axes], given[axes:], strict=True
        ):
            reach = (k - 1) * d + 1
            if auto in ("SAME_UPPER", "SAME_LOWER"):
                size = math.ceil(n / stride)
                total = max((size - 1) * stride + reach - n, 0)
                first = total // 2 if auto == "SAME_UPPER" else total - total // 2
                last = total - first
            else:
                first, last = (first, last) if auto == "NOTSET" else (0, 0)
                size = _count(n + first + last - reach, stride, bool(attributes.get("ceil_mode")), n + first)
            pads.append((first, last))
            sizes.append(size)
        return cls(tuple(kernel), strides, dilations, tuple(pads), tuple(sizes))

    def padded(self, x: Array, value: float) -> Array:
        """The pixels with their padding, and as many more behind as the last window reaches (``ceil_mode``)."""
        reach = [
            max(last, (size - 1) * s + (k - 1) * d + 1 - n - first)
            for n, (first, last), size, s, k, d in zip(
                x.shape[2:], self.pads, self.sizes, self.strides, self.kernel, self.dilations, strict=True
            )
        ]
        pads = [(first, last) for (first, _), last in zip(self.pads, reach, strict=True)]
        return np.pad(x, [(0, 0), (0, 0), *pads], constant_values=value)

    def taps(self, padded: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
        """Each position in the kernel, and what every window has there, (N, C, *sizes)."""
        for tap in itertools.product(*map(range, self.kernel)):
            places = zip(tap, self.dilations, self.strides, self.sizes, strict=True)
            spans: list[Any] = [slice(k * d, k * d + (size - 1) * s + 1, s) for k, d, s, size in places]
            yield tap, padded[(slice(None), slice(None), *spans)]


def _count(free: int, stride: int, ceil: bool, end: int) -> int:
    """Windows on an axis; with ``ceil`` one more that starts before the padding behind."""
    size = (-(-free // stride) if ceil else free // stride) + 1
    return size - 1 if ceil and (size - 1) * stride >= end else size


class Conv(OpRun):
    """A matrix product for each tap."""

    def _run(self, x: Array, w: Array, b: Array | None = None, group: int = 1, **attributes: Any) -> tuple[Array]:
        windows, groups = Windows.of(x, w.shape[2:], attributes), group or 1
        weights = w.reshape(groups, -1, *w.shape[1:])
        total = np.zeros((x.shape[0], groups, weights.shape[1], math.prod(windows.sizes)), np.result_type(x, w))
        for tap, pixels in windows.taps(windows.padded(x, 0)):
            columns = pixels.reshape(x.shape[0], groups, w.shape[1], -1)
            at: tuple[Any, ...] = (..., *tap)
            matrix = weights[at]
            total += matrix * columns if w.shape[1] == 1 else matrix @ columns
        y = total.reshape(x.shape[0], len(w), *windows.sizes)
        return (y if b is None else y + b.reshape(-1, *(1 for _ in windows.sizes)),)


class MaxPool(OpRun):
    """Padding never is the maximum. The indices are not computed."""

    def _run(self, x: Array, kernel_shape: Sequence[int] = (), **attributes: Any) -> tuple[Array]:
        if len(self.onnx_node.output) > 1:
            raise NotImplementedError("MaxPool with indices")
        windows = Windows.of(x, kernel_shape, attributes)
        lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        pixels = (pixels for _, pixels in windows.taps(windows.padded(x, lowest)))
        y = next(pixels).copy()
        for other in pixels:
            np.maximum(y, other, out=y)
        return (y,)


class AveragePool(OpRun):
    """A mean over the pixels of a window, with those of the padding that the file has if it says so."""

    def _run(
        self, x: Array, kernel_shape: Sequence[int] = (), count_include_pad: int = 0, **attributes: Any
    ) -> tuple[Array]:
        windows = Windows.of(x, kernel_shape, attributes)
        ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
        if count_include_pad:
            ones = np.pad(ones, [(0, 0), (0, 0), *windows.pads], constant_values=1)
            extra = windows.padded(x, 0).shape[2:]
            counted = np.pad(ones, [(0, 0), (0, 0), *((0, m - n) for m, n in zip(extra, ones.shape[2:], strict=True))])
        else:
            counted = windows.padded(ones, 0)
        total = sum(pixels for _, pixels in windows.taps(windows.padded(x, 0)))
        return (np.asarray(total / sum(pixels for _, pixels in windows.taps(counted))),)


class GlobalMaxPool(OpRun):
    """Over all axes behind the channels; that of onnx 1.23 takes any number of them for two."""

    def _run(self, x: Array) -> tuple[Array]:
        return (np.asarray(x.max(axis=tuple(range(2, x.ndim)), keepdims=True)),)


OPS: tuple[type[OpRun], ...] = (Conv, MaxPool, AveragePool, GlobalMaxPool)
for _op in OPS:
    _op.op_domain = ""
