"""Blocks of images: what each computes, what folds, and torch = onnxruntime = exact arithmetic, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hwflow.frontends.brevitas.batch_norm import (
    BatchNormLinear,
    ConvBatchNorm,
    FoldingNorm,
    fold_batch_norms,
    liven_norms,
)
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_qonnx, export_run
from hwflow.frontends.brevitas.group_norm import GroupNorm
from hwflow.frontends.brevitas.pooling import ImageMeanPool
from hwflow.frontends.brevitas.predict import predict
from hwflow.frontends.brevitas.quantization import Quantization, values
from hwflow.frontends.brevitas.run import TrainConfig, run_config
from hwflow.frontends.brevitas.shsa import SingleHeadAttention
from hwflow.frontends.brevitas.squeeze_excite import SqueezeExcite
from hwflow.frontends.brevitas.train import load_run, train
from hwflow.models import Precision

from .lowering import run
from .test_blocks import Wrapped

CHANNELS, SIDE = 6, 5
SHAPE = (CHANNELS, SIDE, SIDE)
Q = Quantization()
FLOAT = Quantization(enabled=False)
BLOCKS: dict[str, Callable[[Quantization], nn.Module]] = {
    "conv": lambda q: ConvBatchNorm(CHANNELS, 4, 3, stride=2, q=q),
    "pointwise": lambda q: ConvBatchNorm(CHANNELS, 4, q=q),
    "depthwise": lambda q: ConvBatchNorm(CHANNELS, CHANNELS, 3, groups=CHANNELS, skip=True, q=q),
    "group_norm": lambda q: GroupNorm(CHANNELS, SIDE**2, q),
    "group_norm_wide": lambda q: GroupNorm(CHANNELS, SIDE**2, Quantization(Precision(activation=10), "", q.enabled)),
    "mean_pool": lambda q: ImageMeanPool(SIDE**2, q),
    "squeeze_excite": lambda q: SqueezeExcite(CHANNELS, 2, SIDE**2, q),
    "attention": lambda q: SingleHeadAttention(CHANNELS, 4, 4, SIDE**2, q),
}


@pytest.mark.parametrize("name", BLOCKS)
@torch.no_grad()
def test_torch_equals_onnxruntime_and_double_bit_for_bit(name: str, tmp_path: Path) -> None:
    model = Wrapped(BLOCKS[name](Q))
    liven_norms(model)
    fold_batch_norms(model)
    calibrate(model, 2 * torch.randn(64, *SHAPE) + 0.5)
    x = 3 * torch.randn(50, *SHAPE)
    expected = model(x)
    assert expected.unique().numel() > 20
    export_qonnx(model, tmp_path / "m.onnx", SHAPE)
    for optimise in (True, False):
        np.testing.assert_array_equal(run(tmp_path / "m.onnx", x.numpy(), optimise=optimise), expected.numpy())
    np.testing.assert_array_equal(model.double()(x.double()).numpy(), expected.numpy())


@pytest.mark.parametrize("name", ["conv", "pointwise", "depthwise", "attention"])
@torch.no_grad()
def test_norms_and_the_depthwise_residual_fold(name: str) -> None:
    block = BLOCKS[name](FLOAT)
    liven_norms(block)
    for _ in range(5):
        block.train()(2 * torch.randn(32, *SHAPE) + 1)
    x = torch.randn(8, *SHAPE)
    before = block.eval()(x)
    fold_batch_norms(block)
    assert all(module.folded for module in block.modules() if isinstance(module, FoldingNorm))
    torch.testing.assert_close(block(x), before)


@torch.no_grad()
def test_a_norm_in_front_of_a_linear_layer_folds() -> None:
    block = BatchNormLinear(CHANNELS, 3, FLOAT)
    liven_norms(block)
    block.train()(2 * torch.randn(64, CHANNELS) + 1)
    x = torch.randn(8, CHANNELS)
    before = block.eval()(x)
    fold_batch_norms(block)
    torch.testing.assert_close(block(x), before)


@pytest.mark.parametrize(("channels", "side"), [(4, 4), (6, 5), (3, 7)])
@torch.no_grad()
def test_group_norm_is_that_of_torch_but_for_a_factor(channels: int, side: int) -> None:
    count = channels * side**2
    block, x = GroupNorm(channels, side**2, FLOAT, epsilon=0.0), 2 * torch.randn(4, channels, side, side) + 1
    factor = (2.0 ** (count - 1).bit_length() / count) ** 0.5  # what gamma absorbs
    expected = nn.functional.group_norm(x, 1, eps=0.0) * factor
    torch.testing.assert_close(block(x), expected, atol=0.02, rtol=0.0)  # the mean's constant has 6 bits
    assert abs(block.correction * count / 2.0 ** (count - 1).bit_length() - 1) < 2**-6


def test_squares_are_quantised_where_their_sum_could_pass_24_bits() -> None:
    narrow, wide = GroupNorm(8, 16, Q), GroupNorm(48, 49, Q)
    assert isinstance(narrow.square, nn.Identity)
    assert not isinstance(wide.square, nn.Identity)


@torch.no_grad()
def test_attention_is_softmax_over_the_pixels_of_the_first_channels() -> None:
    block = SingleHeadAttention(CHANNELS, 4, 16, SIDE**2, FLOAT).eval()
    liven_norms(block)
    x = torch.randn(3, *SHAPE)
    normed = block.norm(x[:, :4])
    query, key, value = (part(normed).flatten(2) for part in (block.query, block.key, block.value))
    context = value @ torch.softmax(0.25 * query.transpose(1, 2) @ key, -1).transpose(1, 2)
    joined = torch.cat([context.reshape(3, 4, SIDE, SIDE), x[:, 4:]], 1)
    torch.testing.assert_close(block(x), block.project(torch.relu(joined)))


@torch.no_grad()
def test_squeeze_and_excite_weights_the_channels() -> None:
    block, x = SqueezeExcite(4, 2, 16, FLOAT), torch.randn(3, 4, 4, 4)
    gate = torch.sigmoid(block.expand(torch.relu(block.squeeze(x.mean((2, 3), keepdim=True)))))
    torch.testing.assert_close(block(x), x * gate)
    assert values(block.pool(x)).shape == (3, 4, 1, 1)


def test_nano_trains_on_digits_and_its_export_equals_torch(tmp_path: Path) -> None:
    settings = TrainConfig(float_epochs=2, quantized_epochs=1, batch=32, threads=1)
    metrics = train(run_config("shvit_nano", samples=400, train=settings), tmp_path, quiet=True)
    assert metrics.samples == 80
    assert metrics.float_model.accuracy > 0.2
    x = np.random.default_rng(0).normal(size=(20, 1, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(run(export_run(tmp_path), x), predict(load_run(tmp_path), x))
