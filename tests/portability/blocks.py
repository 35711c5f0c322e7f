"""A small model of every block with a real function, in both frameworks."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.activations import Function, TableActivation
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.calibrate import calibrate as calibrate_torch
from hwflow.frontends.brevitas.layer_norm import LayerNorm
from hwflow.frontends.brevitas.quantization import Quantization, values
from hwflow.frontends.brevitas.residual import Residual

TOKENS, DIM = 6, 16
SHAPE = (TOKENS, DIM)
CAUSAL = [[key <= query for key in range(TOKENS)] for query in range(TOKENS)]
SIZES = {"key_dim": 4, "value_dim": 4}
NAMES: tuple[Function, ...] = get_args(Function)


def inputs(count: int, seed: int = 0) -> np.ndarray:
    """Numbers on a grid, so that they are the same everywhere."""
    return (np.random.default_rng(seed).integers(-600, 600, (count, *SHAPE)) / 256).astype(np.float32)


class TorchModel(nn.Module):
    """Both softmaxes, LayerNorm, and the functions one after the other."""

    def __init__(self) -> None:
        super().__init__()
        q = Quantization()
        self.input = q.identity("input")
        self.stable = Attention(TOKENS, DIM, heads=2, **SIZES, q=q.at("stable"))
        self.residual, self.norm = Residual(q.at("residual")), LayerNorm(DIM, q.at("norm"))
        self.plain = Attention(TOKENS, DIM, **SIZES, allowed=CAUSAL, subtract_max=False, q=q.at("plain"))
        self.functions = nn.ModuleList(TableActivation(name, q.at(name)) for name in NAMES)
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        y: Any = self.input(x)
        y = self.plain(self.norm(self.residual(self.stable(y), y)))
        for function in self.functions:
            y = function(y)
        return values(self.output(y))


def torch_model() -> nn.Module:
    """Calibrated, in evaluation."""
    torch.manual_seed(0)
    model = TorchModel()
    calibrate_torch(model, torch.from_numpy(inputs(64, 1)))
    return model.eval()


def keras_model() -> Any:
    """The same in QKeras, with weights of its own."""
    import keras

    from hwflow.frontends.qkeras.attention import attention
    from hwflow.frontends.qkeras.blocks import layer_norm, residual, table_activation
    from hwflow.frontends.qkeras.calibrate import calibrate
    from hwflow.frontends.qkeras.quantization import Quantization

    q, x = Quantization(), keras.Input(SHAPE, name="inputs")
    y = q.identity("input")(x)
    y = layer_norm(residual(attention(y, q.at("stable"), heads=2, **SIZES), y, q.at("residual")), q.at("norm"))
    y = attention(y, q.at("plain"), **SIZES, allowed=CAUSAL, subtract_max=False)
    for name in NAMES:
        y = table_activation(y, name, q.at(name))
    model = keras.Model(x, q.identity("output", "output")(y))
    rng = np.random.default_rng(2)
    for layer in model.layers:
        layer.set_weights([rng.integers(-64, 64, w.shape) / 64 for w in layer.get_weights()])
    calibrate(model, inputs(64, 1))
    return model
