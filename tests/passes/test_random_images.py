"""Random image networks written in ONNX: exact in every tensor, no movement left, every node in a kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.kernels.network import kernel_graph
from hwflow.passes import canonicalise
from tests.passes.test_channels_last import assert_streams, conv
from tests.passes.test_passes import assert_keeps_values
from tests.support.exact import imported
from tests.support.qonnx import ModelBuilder, weights


class Draw:
    """An image that grows a layer at a time: its name, channels and size (H, W)."""

    def __init__(self, seed: int) -> None:
        self.rng, self.m = np.random.default_rng(seed), ModelBuilder()
        self.channels, self.size = 3, [int(n) for n in self.rng.integers(4, 8, 2)]
        self.x = self.m.quant(self.m.input(1, 3, *self.size), 8, 4)

    def convolution(self) -> None:
        kernel, stride = self.rng.integers(1, 4, 2), self.rng.integers(1, 3, 2)
        pads = [int(k) // 2 for k in kernel] * 2
        out = int(self.rng.integers(2, 6))
        self.x = conv(
            self.m, self.x, out, self.channels, *map(int, kernel), pads=pads, strides=[int(s) for s in stride]
        )
        self.size = [
            (n + 2 * int(k // 2) - int(k)) // int(s) + 1 for n, k, s in zip(self.size, kernel, stride, strict=True)
        ]
        self.channels = out

    def depthwise(self) -> None:
        c = self.channels
        y = conv(self.m, self.m.node("Relu", self.x), c, 1, 3, 3, group=c, pads=[1, 1, 1, 1])
        self.x = self.m.quant(self.m.node("Add", *self.rng.permutation([self.x, y])), 8, 3)

    def pointwise(self) -> None:
        y = conv(self.m, self.m.node("Clip", self.x, "", self.m.const(3.0)), self.channels, self.channels, 1, 1)
        self.x = self.m.quant(self.m.node("Sub", y, self.x), 8, 3)

    def maximum(self) -> None:
        options = {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1]}
        self.x = self.m.node("MaxPool", self.m.node("Relu", self.x), **options)  # type: ignore[arg-type]

    def mean(self) -> None:
        y = self.m.node("AveragePool", self.x, kernel_shape=[2, 2], pads=[0, 1, 1, 0], count_include_pad=1)
        self.x = self.m.quant(y, 8, 4)

    def excite(self) -> None:
        squeezed = self.m.quant(self.m.node("GlobalMaxPool", self.x), 8, 3)
        gate = self.m.quant(self.m.node("Sigmoid", conv(self.m, squeezed, self.channels, self.channels, 1, 1)), 8, 7)
        self.x = self.m.quant(self.m.node("Mul", self.x, gate), 8, 3)

    def parts(self) -> None:
        first = int(self.rng.integers(1, self.channels)) if self.channels > 1 else 1
        if self.channels > 1:
            sizes = self.m.ints(first, self.channels - first)
            a, b = self.m.nodes_of("Split", 2, self.x, sizes, axis=1)
            a = conv(self.m, a, 2, first, 1, 1)
            self.x = self.m.node("Concat", *self.rng.permutation([a, self.m.quant(b, 8, 3)]), axis=1)
            self.channels += 2 - first

    def finish(self) -> str:
        flat = self.m.node("Flatten", self.x)
        count = self.channels * int(np.prod(self.size))
        head = self.m.node("GlobalMaxPool", self.x) if self.rng.integers(2) else None
        if head is not None:
            flat, count = self.m.node("Flatten", head), self.channels
        return self.m.quant(self.m.node("MatMul", flat, self.m.weights(weights(count, 3))), 8, 2)


LAYERS: list[Callable[[Draw], None]] = [
    Draw.convolution, Draw.depthwise, Draw.pointwise, Draw.maximum, Draw.mean, Draw.excite, Draw.parts,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(16))
def test_random_image_networks(tmp_path: Path, seed: int) -> None:
    draw = Draw(seed)
    for layer in draw.rng.integers(len(LAYERS), size=1 + seed % 5):
        LAYERS[layer](draw)
    graph = imported(tmp_path, draw.m, draw.finish()).graph
    after = canonicalise(graph)
    assert_keeps_values(graph, after)
    assert_streams(after)
    kernel_graph(graph, 200.0)
