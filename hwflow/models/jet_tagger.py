"""The jet tagger in torch (Laatu et al., arXiv 2510.24784)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.pooling import flatten
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.models.configs import JetTaggerConfig

WIDTH = 16


class JetTagger(nn.Module):
    """Logits (batch, 5) from standardised particles (batch, particles, 3)."""

    def __init__(self, config: JetTaggerConfig, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed0 = q.linear("embed0", 3, WIDTH)
        self.relu0 = q.relu("relu0")
        self.embed1 = q.linear("embed1", WIDTH, WIDTH)
        self.relu1 = q.relu("relu1")
        self.attention = Attention(
            config.particles,
            WIDTH,
            key_dim=WIDTH,
            value_dim=WIDTH,
            key_bias=False,
            projected=config.linformer,
            q=q.at("attention"),
        )
        self.residual = Residual(q.at("residual"))
        self.feed_forward = nn.Sequential(*(_FeedForward(q.at(f"feed_forward.{i}")) for i in range(2)))
        self.head0 = q.linear("head0", config.particles * WIDTH, WIDTH)
        self.head_relu = q.relu("head_relu")
        self.head1 = q.linear("head1", WIDTH, config.outputs)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (batch, particles, 3) to logits (batch, 5)."""
        y = self.relu0(self.embed0(self.input(x)))
        y = self.relu1(self.embed1(y))
        y = self.residual(self.attention(y), y)
        y = flatten(self.feed_forward(y))
        y = self.head1(self.head_relu(self.head0(y)))
        return values(self.output(y))


class _FeedForward(nn.Module):
    """``relu(Dense 16)(relu(Dense 32)(x)) + x``; the second ReLU is requantised by the residual's operand quantizer."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.up = q.linear("up", WIDTH, 2 * WIDTH)
        self.relu = q.relu("relu")
        self.down = q.linear("down", 2 * WIDTH, WIDTH)
        self.residual = Residual(q.at("residual"))

    def forward(self, x: Quantized) -> Quantized:
        return self.residual(torch.relu(self.down(self.relu(self.up(x)))), x)
