"""A recipe as a Brevitas model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.activations import TableActivation
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_qonnx
from hwflow.frontends.brevitas.layer_norm import LayerNorm, RMSNorm
from hwflow.frontends.brevitas.pooling import MaxPool, MeanPool, flatten
from hwflow.frontends.brevitas.predict import predict
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.fuzz.case import Case
from hwflow.fuzz.frameworks.recipe import Block, Recipe, calibration, case_of_export


def brevitas_case(recipe: Recipe) -> Case:
    """Untrained weights, calibrated scales."""
    torch.manual_seed(recipe.seed)
    model = _Model(recipe)
    calibrate(model, torch.from_numpy(calibration(recipe)))
    return case_of_export(recipe, lambda path: export_qonnx(model, path, recipe.shape), lambda x: predict(model, x))


class _Model(nn.Module):
    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        q = Quantization(recipe.precision)
        self.input, self.output = q.identity("input"), q.identity("output", "output")
        self.embed = q.linear("embed", recipe.features, recipe.dim)
        self.embed_quant = q.identity("embed_quant")
        self.blocks = nn.Sequential(*(_made(b, recipe, q.at(f"blocks.{i}")) for i, b in enumerate(recipe.blocks)))
        pools = {"mean": MeanPool(recipe.tokens, q.at("pool")), "max": MaxPool(q.at("pool"))}
        self.pool = pools.get(recipe.pool)
        self.flat = recipe.pool == "flatten"
        self.head = q.linear("head", recipe.dim * (recipe.tokens if self.flat else 1), recipe.outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = self.blocks(self.embed_quant(self.embed(self.input(x))))
        y = self.pool(y) if self.pool is not None else flatten(y) if self.flat else y
        return values(self.output(self.head(y)))


def _made(block: Block, recipe: Recipe, q: Quantization) -> nn.Module:
    dim = recipe.dim
    match block.kind:
        case "attention":
            return _Attended(block, recipe, q)
        case "norm":
            return (LayerNorm if block.flag else RMSNorm)(dim, q)
        case "activation":
            return TableActivation(block.function, q)  # type: ignore[arg-type]
        case "mlp":
            return _FeedForward(dim, block.size + 1, q)
    return nn.Sequential(q.linear("dense", dim, dim, bias=block.flag), q.relu("relu"))


class _Attended(nn.Module):
    def __init__(self, block: Block, recipe: Recipe, q: Quantization) -> None:
        super().__init__()
        self.attention = Attention(
            recipe.tokens, recipe.dim, heads=block.heads, key_dim=block.size, value_dim=block.size,
            allowed=block.mask, subtract_max=block.flag, q=q.at("attention"),
        )  # fmt: skip
        self.residual = Residual(q.at("residual"))

    def forward(self, x: Quantized) -> Quantized:
        y: Quantized = self.residual(self.attention(x), x)
        return y


class _FeedForward(nn.Module):
    def __init__(self, dim: int, hidden: int, q: Quantization) -> None:
        super().__init__()
        self.up, self.relu, self.down = q.linear("up", dim, hidden), q.relu("relu"), q.linear("down", hidden, dim)
        self.residual = Residual(q.at("residual"))

    def forward(self, x: Quantized) -> Quantized:
        y: Quantized = self.residual(self.down(self.relu(self.up(x))), x)
        return y
