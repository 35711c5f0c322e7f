"""Window: the pixels under a kernel that slides over an image; what a convolution or a local pool works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwflow.ir.graph import IntArray, Tensor
from hwflow.ir.ops.base import MovementOp


@dataclass(frozen=True, slots=True)
class Window(MovementOp):
    """(H, W, C) -> (OH, OW, taps, C), taps row by row; zeros beyond the edges.

    ``kernel`` and ``stride``: rows, columns; ``pads``: top, left, bottom, right. A sequence is an image of one column.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def shape(self, inputs: Sequence[Tensor]) -> tuple[int, ...]:
        """Computed, not tried: what a file asks for is known before it takes memory."""
        *size, channels = inputs[0].shape
        room = [n + self.pads[i] + self.pads[i + 2] - self.kernel[i] for i, n in enumerate(size)]
        if len(size) != 2 or min(*room, *self.pads) < 0 or min(*self.kernel, *self.stride) < 1:
            raise ValueError(f"{self} over an image {inputs[0].shape}")
        out = (n // step + 1 for n, step in zip(room, self.stride, strict=True))
        return (*out, self.kernel[0] * self.kernel[1], channels)

    def move(self, arrays: Sequence[IntArray]) -> IntArray:
        (top, left, bottom, right), (rows, columns) = self.pads, self.kernel
        x = np.pad(arrays[0], ((0, 0), (top, bottom), (left, right), (0, 0)))
        view = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=(1, 2))
        view = view[:, :: self.stride[0], :: self.stride[1]]  # (batch, OH, OW, C, rows, columns)
        moved = view.transpose(0, 1, 2, 4, 5, 3)
        return moved.reshape(*moved.shape[:3], rows * columns, moved.shape[-1])
