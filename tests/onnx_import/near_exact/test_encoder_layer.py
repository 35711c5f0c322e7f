"""torch's nn.TransformerEncoderLayer as its exporter writes it, float but for the quantisers of inputs and weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.kernels.network import kernel_graph
from tests.support.near_exact import measured, near_exact
from tests.support.qonnx import ModelBuilder, weights

TOKENS, WIDTH, HEADS = 4, 16, 2
SIZE = WIDTH // HEADS


class Layer:
    """Tokens come first inside the attention, and one product makes queries, keys and values."""

    def __init__(self, m: ModelBuilder, activation: str, quantised: bool) -> None:
        self.m, self.activation, self.quantised, self.seed = m, activation, quantised, 0

    def input_of(self, x: str) -> str:
        """A quantiser at the input of a product, if the file has them."""
        return self.m.quant(x, 8, scale=0.0313) if self.quantised else x

    def linear(self, x: str, rows: int, columns: int) -> str:
        self.seed += 1
        w = self.m.const(weights(rows, columns, seed=self.seed, spread=rows**-0.5))
        if self.quantised:
            w = self.m.quant(w, 8, scale=np.geomspace(0.005, 0.01, columns), narrow=True)
        return self.m.node("Add", self.m.node("MatMul", self.input_of(x), w), self.m.const(weights(columns) * 0.1))

    def norm(self, x: str) -> str:
        return self.m.node(
            "LayerNormalization", x, self.m.const(np.ones(WIDTH)), self.m.const(np.zeros(WIDTH)), axis=-1
        )

    def attention(self, x: str) -> str:
        m = self.m
        y = self.linear(m.node("Transpose", x, perm=[1, 0, 2]), WIDTH, 3 * WIDTH)
        y = m.node("Unsqueeze", m.node("Reshape", y, m.ints(TOKENS, 1, 3, WIDTH)), m.ints(0))
        y = m.node("Squeeze", m.node("Transpose", y, perm=[3, 1, 2, 0, 4]), m.ints(3))
        q, k, v = (self.heads(m.node("Gather", y, m.const(n, np.int64), axis=0)) for n in range(3))
        root = m.const(SIZE**-0.25)
        k = m.node("Mul", m.node("Transpose", k, perm=[0, 1, 3, 2]), root)
        p = m.node("Softmax", m.node("MatMul", m.node("Mul", q, root), k), axis=-1)
        y = m.node("Transpose", m.node("MatMul", p, v), perm=[2, 0, 1, 3])
        y = self.linear(m.node("Reshape", y, m.ints(TOKENS, WIDTH)), WIDTH, WIDTH)
        return m.node("Transpose", m.node("Reshape", y, m.ints(TOKENS, 1, WIDTH)), perm=[1, 0, 2])

    def heads(self, x: str) -> str:
        m = self.m
        turned = m.node("Transpose", m.node("Reshape", x, m.ints(TOKENS, HEADS, SIZE)), perm=[1, 0, 2])
        return m.node("Reshape", turned, m.ints(1, HEADS, TOKENS, SIZE))

    def forward(self, x: str) -> str:
        m = self.m
        x = self.norm(m.node("Add", x, self.attention(x)))
        hidden = self.linear(x, WIDTH, 2 * WIDTH)
        hidden = m.node("Relu", hidden) if self.activation == "relu" else self.gelu(hidden)
        return self.norm(m.node("Add", x, self.linear(hidden, 2 * WIDTH, WIDTH)))

    def gelu(self, x: str) -> str:
        m = self.m
        erf = m.node("Erf", m.node("Div", x, m.const(2**0.5)))
        return m.node("Mul", m.node("Mul", x, m.node("Add", erf, m.const(1.0))), m.const(0.5))


@pytest.mark.parametrize(("activation", "quantised", "rate"), [("relu", False, 1e-2), ("gelu", True, 4e-2)])
def test_rate(tmp_path: Path, activation: str, quantised: bool, rate: float) -> None:
    """Measured: 3.1e-3 and 1.6e-2. An inner quantiser of 8 bits that falls the other way changes a whole token."""
    m = ModelBuilder()
    x = m.quant(m.input(1, TOKENS, WIDTH), 8, scale=0.0271)
    y = m.quant(Layer(m, activation, quantised).forward(x), 8, scale=0.0253)
    model = near_exact(tmp_path, m, y)
    report = measured(model, TOKENS, WIDTH, count=100)
    assert report.output_rate < rate
    assert report.mean_step_difference < rate
    assert report.max_step_difference <= 2
    assert kernel_graph(model.graph, 200.0).kernels
