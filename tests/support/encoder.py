"""A small encoder as QONNX, in the form that the Brevitas front end exports."""

from __future__ import annotations

from tests.support.qonnx import ModelBuilder, weights


class Encoder:
    """Builds layer by layer; every weight has its own seed."""

    def __init__(self, tokens: int = 4, channels: int = 8) -> None:
        self.m = ModelBuilder()
        self.tokens, self.channels = tokens, channels
        self._seed = 0

    def linear(self, x: str, inputs: int, outputs: int, relu: bool = False) -> str:
        self._seed += 1
        y = self.m.node("MatMul", x, self.m.weights(weights(inputs, outputs, seed=self._seed), 6, 3))
        y = self.m.node("Add", y, self.m.quant(self.m.const(weights(outputs, seed=-self._seed % 97)), 8, 5))
        y = self.m.node("Relu", y) if relu else y
        return self.m.quant(y, 8, 3, signed=not relu)

    def softmax(self, x: str) -> str:
        m = self.m
        shifted = m.node("Sub", x, m.node("ReduceMax", x, axes=[-1]))
        powers = m.quant(m.node("Exp", shifted), 8, 8, signed=False)
        total = m.quant(m.node("ReduceSum", powers, m.ints(-1)), 10, 6, signed=False)
        share = m.quant(m.node("Reciprocal", m.node("Max", total, m.const(2.0**-6))), 10, 8, signed=False)
        return m.quant(m.node("Mul", powers, share), 8, 8, signed=False)

    def attention(self, x: str, heads: int) -> str:
        m, t, c = self.m, self.tokens, self.channels
        parts = []
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            split = m.node("Reshape", self.linear(x, c, c), m.ints(1, t, heads, c // heads))
            parts.append(m.node("Transpose", split, perm=perm))
        q, k, v = parts
        scores = m.quant(m.node("Mul", m.node("MatMul", q, k), m.const(0.25)), 8, 4)
        mixed = m.node("Transpose", m.node("MatMul", self.softmax(scores), v), perm=[0, 2, 1, 3])
        return self.linear(m.quant(m.node("Reshape", mixed, m.ints(1, t, c)), 8, 4), c, c)

    def layer_norm(self, x: str) -> str:
        m = self.m
        centred = m.quant(m.node("Sub", x, m.node("ReduceMean", x, axes=[-1])), 8, 3)
        variance = m.quant(m.node("ReduceMean", m.node("Pow", centred, m.const(2.0)), axes=[-1]), 12, 4, signed=False)
        root = m.node("Sqrt", m.node("Add", variance, m.const(1e-5)))
        scaled = m.quant(m.node("Mul", centred, m.quant(m.node("Reciprocal", root), 10, 6, signed=False)), 8, 4)
        self._seed += 1
        gain = m.quant(m.const(weights(self.channels, seed=self._seed)), 8, 5)
        return m.quant(m.node("Mul", scaled, gain), 8, 4)

    def model(self, heads: int, features: int = 3, classes: int = 5, softmax: bool = False) -> str:
        """Embedding, one block, mean over the tokens, classes. Returns the output's name."""
        m, c = self.m, self.channels
        x = self.linear(m.quant(m.input(1, self.tokens, features), 8, 4), features, c)
        x = self.layer_norm(m.quant(m.node("Add", x, self.attention(x, heads)), 8, 3))
        x = m.quant(m.node("Add", x, self.linear(self.linear(x, c, 2 * c, relu=True), 2 * c, c)), 8, 3)
        y = self.linear(m.quant(m.node("ReduceMean", x, axes=[1], keepdims=0), 8, 4), c, classes)
        return self.softmax(y) if softmax else y
