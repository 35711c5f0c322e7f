"""The small trigger encoders `btag`, `engine` and `gw` in torch (Jiang et al., arXiv 2402.01047)."""

from __future__ import annotations

from torch import Tensor, nn

from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.layer_norm import LayerNorm
from hwflow.frontends.brevitas.pooling import flatten
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.models.configs import EncoderConfig


class Encoder(nn.Module):
    """Logits (batch, outputs) from standardised sequences (batch, tokens, features)."""

    def __init__(self, config: EncoderConfig, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed = q.linear("embed", config.features, config.dim)
        self.embed_quant = q.identity("embed_quant")
        self.blocks = nn.Sequential(*(_Block(config, q.at(f"blocks.{i}")) for i in range(config.blocks)))
        self.pool = q.linear("pool", config.dim, 1)
        self.pool_quant = q.identity("pool_quant")
        self.head0 = q.linear("head0", config.tokens, config.head)
        self.head_relu = q.relu("head_relu")
        self.head1 = q.linear("head1", config.head, config.outputs)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (batch, tokens, features) to logits (batch, outputs)."""
        y = self.blocks(self.embed_quant(self.embed(self.input(x))))
        y = self.head1(self.head_relu(self.head0(flatten(self.pool_quant(self.pool(y))))))
        return values(self.output(y))


class _Block(nn.Module):
    """``x = norm(x + attention(x)); x = norm(x + feed_forward(x))``."""

    def __init__(self, config: EncoderConfig, q: Quantization) -> None:
        super().__init__()
        self.attention = Attention(
            config.tokens,
            config.dim,
            heads=config.heads,
            key_dim=config.key_dim,
            value_dim=config.key_dim,
            subtract_max=False,
            q=q.at("attention"),
        )
        self.residual0 = Residual(q.at("residual0"))
        self.norm0 = LayerNorm(config.dim, q.at("norm0"))
        self.up = q.linear("up", config.dim, config.hidden)
        self.relu = q.relu("relu")
        self.down = q.linear("down", config.hidden, config.dim)
        self.residual1 = Residual(q.at("residual1"))
        self.norm1 = LayerNorm(config.dim, q.at("norm1"))

    def forward(self, x: Quantized) -> Quantized:
        x = self.norm0(self.residual0(self.attention(x), x))
        return self.norm1(self.residual1(self.down(self.relu(self.up(x))), x))
