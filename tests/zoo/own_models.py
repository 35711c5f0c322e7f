"""Models of public building blocks that no model of the zoo uses."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.activations import TableActivation
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.batch_norm import LinearBatchNorm, fold_batch_norms
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_qonnx
from hwflow.frontends.brevitas.layer_norm import LayerNorm, RMSNorm
from hwflow.frontends.brevitas.pooling import MaxPool, MeanPool
from hwflow.frontends.brevitas.quantization import Quantization, values
from hwflow.frontends.brevitas.residual import Residual

TOKENS, FEATURES, DIM = 6, 4, 16  # a mean over 6 tokens is no mean but a sum and a shift
SHAPE = (TOKENS, FEATURES)
CAUSAL = [[key <= query for key in range(TOKENS)] for query in range(TOKENS)]


class PreNorm(nn.Module):
    """RMSNorm before the branches, causal attention of two heads whose values are wider than its keys, GELU, mean."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed = LinearBatchNorm(FEATURES, DIM, q.at("embed"))
        self.embed_quant = q.identity("embed_quant")
        self.norm = RMSNorm(DIM, q.at("norm"))
        self.attention = Attention(TOKENS, DIM, heads=2, key_dim=4, value_dim=6, allowed=CAUSAL, q=q.at("attention"))
        self.residual0 = Residual(q.at("residual0"))
        self.up = q.linear("up", DIM, 24)
        self.gelu = TableActivation("gelu", q.at("gelu"))
        self.down = q.linear("down", 24, DIM)
        self.residual1 = Residual(q.at("residual1"))
        self.pool = MeanPool(TOKENS, q.at("pool"))
        self.head = q.linear("head", DIM, 3)
        self.sigmoid = TableActivation("sigmoid", q.at("sigmoid"))

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed_quant(self.embed(self.input(x)))
        y = self.residual0(self.attention(self.norm(y)), y)
        y = self.residual1(self.down(self.gelu(self.up(y))), y)
        return values(self.sigmoid(self.head(self.pool(y))))


class PostNorm(nn.Module):
    """Linformer attention of two heads whose keys are wider than its values, LayerNorm, SiLU, tanh, maximum."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed = q.linear("embed", FEATURES, DIM)
        self.tanh = TableActivation("tanh", q.at("tanh"))
        self.attention = Attention(TOKENS, DIM, heads=2, key_dim=5, value_dim=3, projected=4, q=q.at("attention"))
        self.residual = Residual(q.at("residual"))
        self.norm = LayerNorm(DIM, q.at("norm"))
        self.up = q.linear("up", DIM, 8)
        self.silu = TableActivation("silu", q.at("silu"))
        self.pool = MaxPool(q.at("pool"))
        self.head = q.linear("head", 8, 3)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        y = self.tanh(self.embed(self.input(x)))
        y = self.norm(self.residual(self.attention(y), y))
        return values(self.output(self.head(self.pool(self.silu(self.up(y))))))


class PlainMasked(nn.Module):
    """Causal attention without subtraction of the maximum, and the maximum over tokens of what it adds."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed = q.linear("embed", FEATURES, DIM)
        self.relu = q.relu("relu")
        self.attention = Attention(
            TOKENS, DIM, heads=4, key_dim=4, value_dim=4, allowed=CAUSAL, subtract_max=False, q=q.at("attention")
        )
        self.residual = Residual(q.at("residual"))
        self.pool = MaxPool(q.at("pool"))
        self.head = q.linear("head", DIM, 3)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.embed(self.input(x)))
        y = self.residual(self.attention(y), y)
        return values(self.output(self.head(self.pool(y))))


def export(kind: type[nn.Module], path: Path) -> Path:
    """Run the norm's statistics in, fold, calibrate, export; all under a fixed seed."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = kind(Quantization())
    with torch.no_grad():
        for _ in range(10):
            model.train()(torch.randn(64, *SHAPE))
    fold_batch_norms(model)
    calibrate(model, torch.randn(256, *SHAPE))
    return export_qonnx(model, path, SHAPE)
