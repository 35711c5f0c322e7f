"""A model of your own from the public building blocks: exported, built and verified."""

from __future__ import annotations

from pathlib import Path

import torch
import typer
from torch import Tensor, nn

import hwflow
from hwflow.frontends.brevitas.activations import TableActivation
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_qonnx
from hwflow.frontends.brevitas.layer_norm import RMSNorm
from hwflow.frontends.brevitas.pooling import MeanPool
from hwflow.frontends.brevitas.quantization import Quantization, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.models import Precision
from hwflow.report import print_summary

TOKENS, FEATURES, WIDTH, CLASSES = 8, 4, 16, 3
CAUSAL = [[key <= query for key in range(TOKENS)] for query in range(TOKENS)]


class OwnModel(nn.Module):
    """A causal pre-norm transformer block with a GELU. ``q`` makes the layers; its scopes name their bit widths."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.embed = q.linear("embed", FEATURES, WIDTH)
        self.embed_quant = q.identity("embed_quant")
        self.norm = RMSNorm(WIDTH, q.at("norm"))
        self.attention = Attention(TOKENS, WIDTH, heads=2, key_dim=4, value_dim=8, allowed=CAUSAL, q=q.at("attention"))
        self.residual0 = Residual(q.at("residual0"))
        self.up = q.linear("up", WIDTH, 2 * WIDTH)
        self.gelu = TableActivation("gelu", q.at("gelu"))
        self.down = q.linear("down", 2 * WIDTH, WIDTH)
        self.residual1 = Residual(q.at("residual1"))
        self.pool = MeanPool(TOKENS, q.at("pool"))
        self.head = q.linear("head", WIDTH, CLASSES)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, 3) of sequences (batch, 8, 4)."""
        y = self.embed_quant(self.embed(self.input(x)))
        y = self.residual0(self.attention(self.norm(y)), y)
        y = self.residual1(self.down(self.gelu(self.up(y))), y)
        return values(self.output(self.head(self.pool(y))))


def main(folder: Path = Path("build/own_model"), vectors: int = 1000) -> None:
    """Train it as any torch module; here it is only calibrated, which is all that verification needs."""
    torch.manual_seed(0)
    model = OwnModel(Quantization(Precision(weight=6, overrides={"head": 8})))
    calibrate(model, torch.randn(256, TOKENS, FEATURES))
    path = export_qonnx(model, folder / "model.onnx", (TOKENS, FEATURES))
    design = hwflow.convert(path, output_dir=folder / "design", board="zcu104", clock_mhz=200, latency_budget_us=2)
    design.csim(vectors)
    design.cosim(frames=10)
    design.check()
    print_summary(design.record)


if __name__ == "__main__":
    typer.run(main)
