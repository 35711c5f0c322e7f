"""Pieces of convolutional networks as integer graphs: images are (rows, columns, channels)."""

from __future__ import annotations

import numpy as np

from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Add, MatMul, Mul, ReduceMax, ReduceSum, Reshape, Shift, Window
from tests.support.blocks import I8, Blocks

Pads = tuple[int, int, int, int]


class ConvBlocks(Blocks):
    """Adds blocks to a builder; every block takes and gives images of 8 bits."""

    def __init__(self, rows: int, columns: int, channels: int, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.builder = GraphBuilder()
        self.x = self.builder.input((rows, columns, channels), I8)

    def reshape(self, id: str, *shape: int) -> str:
        return self.builder.add(Reshape(shape), id)

    def tokens(self, id: str) -> str:
        """(H, W, C) to (H * W, C)."""
        return self.reshape(id, int(np.prod(self.shape(id)[:-1])), self.shape(id)[-1])

    def convolution(self, id: str, out: int, window: Window) -> str:
        """With a bias and a requantiser."""
        windows = self.builder.add(window, id)
        rows, columns, taps, channels = self.shape(windows)
        flat = self.reshape(windows, rows * columns, taps * channels)
        y = self.builder.add(MatMul(), flat, self.random(taps * channels, out))
        return self.reshape(self.requantise(self.builder.add(Add(), y, self.random(out))), rows, columns, out)

    def pointwise(self, id: str, out: int) -> str:
        rows, columns, _ = self.shape(id)
        return self.reshape(self.linear(self.tokens(id), out), rows, columns, out)

    def depthwise(self, id: str, window: Window) -> str:
        windows = self.builder.add(window, id)
        products = self.builder.add(Mul(), windows, self.random(*self.shape(windows)[-2:]))
        y = self.builder.add(ReduceSum(-2, False), products)
        return self.requantise(self.builder.add(Add(), y, self.random(self.shape(id)[-1])))

    def local_pool(self, id: str, window: Window, maximum: bool = False) -> str:
        windows = self.builder.add(window, id)
        if maximum:
            return self.builder.add(ReduceMax(-2, False), windows)
        return self.requantise(self.builder.add(Shift(-2), self.builder.add(ReduceSum(-2, False), windows)))

    def global_pool(self, id: str, maximum: bool = False) -> str:
        return self.pool(self.tokens(id), maximum)


def random_window(rng: np.random.Generator, rows: int, columns: int) -> Window:
    """A kernel that fits the image with its pads, which are smaller than the kernel."""
    while True:
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)) if columns > 1 else 1)
        stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)) if columns > 1 else 1)
        pads = tuple(int(rng.integers(0, size)) for size in (*kernel, *kernel))
        if rows + pads[0] + pads[2] >= kernel[0] and columns + pads[1] + pads[3] >= kernel[1]:
            return Window(kernel, stride, pads)  # type: ignore[arg-type]


def same(kernel: int, columns: int) -> Window:
    """An odd kernel that keeps the size of the image."""
    edge, side = kernel // 2, kernel // 2 * (columns > 1)
    return Window((kernel, kernel if columns > 1 else 1), (1, 1), (edge, side, edge, side))


def random_convnet(seed: int) -> Graph:
    """Two or three blocks, drawn at random, on a small image or a sequence, and a head or none."""
    rng = np.random.default_rng(seed)
    columns = 1 if rng.random() < 0.25 else int(rng.integers(2, 6))
    blocks = ConvBlocks(int(rng.integers(2, 7)), columns, int(rng.integers(1, 4)), seed)
    y = blocks.x
    for _ in range(int(rng.integers(2, 4))):
        y = _block(blocks, rng, y)
    match rng.integers(3):
        case 0:
            y = blocks.linear(blocks.global_pool(y, maximum=bool(rng.integers(2))), 3)
        case 1:
            y = blocks.linear(blocks.flatten(y), 3)
    return blocks.graph(y)


def _block(blocks: ConvBlocks, rng: np.random.Generator, y: str) -> str:
    rows, columns, channels = blocks.shape(y)
    window = random_window(rng, rows, columns)
    match rng.integers(6):
        case 0:
            return blocks.convolution(y, int(rng.integers(1, 5)), window)
        case 1:
            return blocks.depthwise(y, window)
        case 2:
            return blocks.local_pool(y, window, maximum=bool(rng.integers(2)))
        case 3:
            return blocks.pointwise(y, int(rng.integers(1, 5)))
        case 4:
            return blocks.residual(y, blocks.depthwise(y, same(3, columns)))
    return blocks.residual(y, blocks.convolution(y, channels, same(3, columns)))
