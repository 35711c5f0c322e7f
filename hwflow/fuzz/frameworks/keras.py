"""A recipe as a QKeras model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from hwflow.frontends.qkeras.attention import attention
from hwflow.frontends.qkeras.blocks import layer_norm, max_pool, mean_pool, residual, rms_norm, table_activation
from hwflow.frontends.qkeras.calibrate import calibrate
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.quantization import KerasTensor, Quantization
from hwflow.fuzz.case import Case
from hwflow.fuzz.frameworks.recipe import Block, Recipe, calibration, case_of_export


def keras_case(recipe: Recipe) -> Case:
    """Untrained weights, calibrated scales."""
    keras.utils.set_random_seed(recipe.seed)
    keras.backend.clear_session()
    model = _model(recipe)
    calibrate(model, calibration(recipe))
    return case_of_export(recipe, lambda path: export_qonnx(model, path), lambda x: np.asarray(model(x)))


def _model(recipe: Recipe) -> Any:
    q = Quantization(recipe.precision)
    inputs = keras.Input(recipe.shape, name="inputs")
    x = q.identity("embed_quant")(q.linear("embed", recipe.dim)(q.identity("input")(inputs)))
    for i, block in enumerate(recipe.blocks):
        x = _made(block, recipe, q.at(f"blocks.{i}"), x)
    if recipe.pool in ("mean", "max"):
        x = (mean_pool if recipe.pool == "mean" else max_pool)(x, q.at("pool"))
    elif recipe.pool == "flatten":
        x = ops.reshape(x, (-1, recipe.tokens * recipe.dim))
    return keras.Model(inputs, q.identity("output", "output")(q.linear("head", recipe.outputs)(x)))


def _made(block: Block, recipe: Recipe, q: Quantization, x: KerasTensor) -> KerasTensor:
    match block.kind:
        case "attention":
            y = attention(
                x, q.at("attention"), heads=block.heads, key_dim=block.size, value_dim=block.size,
                allowed=block.mask, subtract_max=block.flag,
            )  # fmt: skip
            return residual(y, x, q.at("residual"))
        case "norm":
            return (layer_norm if block.flag else rms_norm)(x, q)
        case "activation":
            return table_activation(x, block.function, q)  # type: ignore[arg-type]
        case "mlp":
            y = q.linear("down", recipe.dim)(q.relu("relu")(q.linear("up", block.size + 1)(x)))
            return residual(y, x, q.at("residual"))
    return q.relu("relu")(q.linear("dense", recipe.dim, bias=block.flag)(x))
