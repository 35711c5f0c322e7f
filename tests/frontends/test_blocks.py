"""Each building block: what it computes, and torch = onnxruntime = exact arithmetic, bit for bit."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from hwflow.errors import UserError
from hwflow.frontends.brevitas.activations import Function, TableActivation
from hwflow.frontends.brevitas.attention import Attention
from hwflow.frontends.brevitas.batch_norm import LinearBatchNorm, fold_batch_norms
from hwflow.frontends.brevitas.calibrate import calibrate, thresholds
from hwflow.frontends.brevitas.export import export_qonnx
from hwflow.frontends.brevitas.layer_norm import LayerNorm, RMSNorm
from hwflow.frontends.brevitas.pooling import MaxPool, MeanPool
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.residual import Residual
from hwflow.frontends.brevitas.softmax import MASK, PlainSoftmax, StableSoftmax
from hwflow.models import Precision

from .lowering import run

TOKENS, DIM = 6, 16
CAUSAL = [[key <= query for key in range(TOKENS)] for query in range(TOKENS)]
Q = Quantization()
FLOAT = Quantization(enabled=False)


class Wrapped(nn.Module):
    """A block between an input and an output quantizer."""

    def __init__(self, block: nn.Module, q: Quantization = Q) -> None:
        super().__init__()
        self.input = q.identity("input")
        self.block = block
        self.output = q.identity("output", "output")

    def forward(self, x: Tensor) -> Tensor:
        return values(self.output(self.block(self.input(x))))


class Values(nn.Module):
    """A block without its scale."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        return values(self.block(x))


class Twice(nn.Module):
    """A residual around nothing: the skip is its own branch."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.linear = q.linear("linear", DIM, DIM)
        self.residual = Residual(q)

    def forward(self, x: Quantized) -> Quantized:
        return self.residual(self.linear(x), x)


class Scores(nn.Module):
    """A softmax that takes quantized scores."""

    def __init__(self, softmax: nn.Module) -> None:
        super().__init__()
        self.softmax = softmax

    def forward(self, x: Quantized) -> Tensor:
        return self.softmax(values(x))  # type: ignore[no-any-return]


def attention(q: Quantization, **arguments: object) -> Attention:
    return Attention(TOKENS, DIM, q=q, **{"key_dim": 4, "value_dim": 4, **arguments})  # type: ignore[arg-type]


BLOCKS: dict[str, Callable[[Quantization], nn.Module]] = {
    "linear": lambda q: q.linear("linear", DIM, 5),
    "relu": lambda q: nn.Sequential(q.linear("linear", DIM, 5), q.relu("relu")),
    "scale_bias": lambda q: q.scale_bias("affine", DIM),
    "stable_softmax": lambda q: Scores(StableSoftmax(DIM, q)),
    "plain_softmax": lambda q: Scores(PlainSoftmax(q)),
    "layer_norm": lambda q: LayerNorm(DIM, q),
    "rms_norm": lambda q: RMSNorm(DIM, q),
    "residual": Twice,
    "mean_pool": lambda q: MeanPool(TOKENS, q),
    "max_pool": MaxPool,
    **{name: lambda q, name=name: TableActivation(name, q) for name in get_args(Function)},  # type: ignore[misc]
    "attention": lambda q: attention(q),
    "attention_plain": lambda q: attention(q, subtract_max=False),
    "attention_heads": lambda q: attention(q, heads=3, key_dim=5, value_dim=2, key_bias=False),
    "attention_masked": lambda q: attention(q, heads=2, allowed=CAUSAL),
    "attention_plain_masked": lambda q: attention(q, allowed=CAUSAL, subtract_max=False),
    "attention_linformer": lambda q: attention(q, heads=2, projected=2),
}


def calibrated(name: str, q: Quantization = Q) -> tuple[nn.Module, Tensor]:
    """The wrapped block, calibrated, and inputs that exceed the calibrated range."""
    model = Wrapped(BLOCKS[name](q), q)
    calibrate(model, torch.randn(256, TOKENS, DIM))
    return model, 2 * torch.randn(300, TOKENS, DIM)


@pytest.mark.parametrize("name", BLOCKS)
@torch.no_grad()
def test_torch_equals_onnxruntime_and_double(name: str, tmp_path: Path) -> None:
    model, x = calibrated(name)
    expected = model(x).numpy()
    assert len(np.unique(expected)) > 10
    export_qonnx(model, tmp_path / "block.onnx", (TOKENS, DIM))
    np.testing.assert_array_equal(run(tmp_path / "block.onnx", x.numpy()), expected)
    # The same bits in double: no fp32 intermediate was rounded.
    np.testing.assert_array_equal(copy.deepcopy(model).double()(x.double()).numpy(), expected)


@pytest.mark.parametrize("name", BLOCKS)
@torch.no_grad()
def test_the_float_twin_has_the_same_parameters_and_nearly_the_same_output(name: str) -> None:
    precise = Quantization(Precision(weight=16, activation=16, bias=32, table=20, sum=20, variance=20, output=24))
    model, twin = Wrapped(BLOCKS[name](precise), precise), Wrapped(BLOCKS[name](FLOAT), FLOAT)
    missing = model.load_state_dict(twin.state_dict(), strict=False)
    assert not missing.unexpected_keys
    assert all(key.endswith("scaling_impl.value") for key in missing.missing_keys)
    x = torch.randn(64, TOKENS, DIM)
    calibrate(model, x)
    torch.testing.assert_close(model(x), twin.eval()(x), atol=0.02, rtol=0)


@pytest.mark.parametrize("softmax", [StableSoftmax(TOKENS, FLOAT), PlainSoftmax(FLOAT)])
def test_the_float_softmax_is_softmax(softmax: nn.Module) -> None:
    scores = torch.randn(50, TOKENS)
    torch.testing.assert_close(softmax(scores), scores.softmax(-1), atol=0.03, rtol=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 14), st.integers(6, 14), st.booleans(), st.integers(0, 2**32 - 1))
@torch.no_grad()
def test_a_masked_key_has_probability_zero(table: int, activation: int, stable: bool, seed: int) -> None:
    torch.manual_seed(seed)
    q = Quantization(Precision(table=table, activation=activation))
    softmax = StableSoftmax(TOKENS, q) if stable else PlainSoftmax(q, masked=True)
    mask = torch.where(torch.tensor(CAUSAL), 0.0, MASK)
    scores = 300 * torch.rand(1) * torch.randn(4, TOKENS, TOKENS)
    calibrate(nn.Sequential(softmax), scores)
    probability = softmax(scores, mask)
    assert (probability[:, ~torch.tensor(CAUSAL)] == 0).all()
    if stable:
        assert (probability.sum(-1) > 0.5).all()


@torch.no_grad()
def test_float_attention_is_scaled_dot_product_attention() -> None:
    block = attention(FLOAT, key_dim=16, value_dim=16, allowed=CAUSAL)
    x = torch.randn(3, TOKENS, DIM)
    expected = nn.functional.scaled_dot_product_attention(
        block.query(x), block.key(x), block.value(x), attn_mask=torch.tensor(CAUSAL)
    )
    torch.testing.assert_close(block(x), block.out(expected))


@pytest.mark.parametrize(("key_dim", "exponent"), [(1, 0), (2, -1), (4, -1), (5, -2), (8, -2), (16, -2), (64, -3)])
def test_the_score_scale_is_exact_and_its_rest_is_in_the_query(key_dim: int, exponent: int) -> None:
    torch.manual_seed(1)
    plain = nn.Linear(DIM, key_dim)
    torch.manual_seed(1)
    block = attention(FLOAT, key_dim=key_dim)
    assert block.exponent == exponent
    weight = block.state_dict()["query.weight"]
    torch.testing.assert_close(weight * 2.0**block.exponent, plain.weight / math.sqrt(key_dim))


@torch.no_grad()
def test_float_norms_are_the_norms() -> None:
    x = torch.randn(10, DIM)
    expected = nn.functional.layer_norm(x, (DIM,), eps=2.0**-10)
    torch.testing.assert_close(LayerNorm(DIM, FLOAT)(x), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(RMSNorm(DIM, FLOAT)(x), nn.functional.rms_norm(x, (DIM,), eps=2.0**-10))


@pytest.mark.parametrize("size", [0, 3, 6, 12])
def test_a_norm_over_a_width_that_is_no_power_of_two_is_refused(size: int) -> None:
    with pytest.raises(UserError, match=f"LayerNorm: found a mean over {size} elements; expected a power of two"):
        LayerNorm(size, Q)


@torch.no_grad()
def test_the_residual_puts_both_operands_on_one_grid() -> None:
    residual = Residual(Q)
    branch, skip = torch.randn(64, DIM), 8 * torch.randn(64, DIM)

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.residual = residual

        def forward(self, x: Tensor) -> Tensor:
            return values(self.residual(x[..., 0], x[..., 1]))

    calibrate(Pair(), torch.stack([branch, skip], -1))
    operand = residual.operand
    assert values(operand(skip)).abs().max() > 16  # the grid is the wider one, although the branch came first
    step = operand(branch).scale
    assert torch.equal(values(operand(branch)) % step, torch.zeros_like(branch))


@torch.no_grad()
def test_a_batch_norm_folds_exactly_and_export_insists_on_it(tmp_path: Path) -> None:
    block = LinearBatchNorm(DIM, 5, Q)
    model = Wrapped(block)
    for _ in range(20):
        model.train()(3 * torch.randn(64, TOKENS, DIM) + 1)
    block.norm.weight.uniform_(0.5, 2)  # type: ignore[operator]
    with pytest.raises(UserError, match="a BatchNorm beside its layer; expected a folded one"):
        export_qonnx(model, tmp_path / "m.onnx", (TOKENS, DIM))
    x = torch.randn(64, TOKENS, DIM)
    float_block = LinearBatchNorm(DIM, 5, FLOAT).eval()
    float_block.load_state_dict(block.state_dict())
    before = float_block(x)
    fold_batch_norms(float_block)
    torch.testing.assert_close(float_block(x), before)
    fold_batch_norms(model)
    calibrate(model, x)
    export_qonnx(model, tmp_path / "m.onnx", (TOKENS, DIM))
    np.testing.assert_array_equal(run(tmp_path / "m.onnx", x.numpy()), model(x).numpy())


def test_mean_pool_over_a_power_of_two_is_the_mean() -> None:
    x = torch.randn(3, 8, DIM)
    torch.testing.assert_close(MeanPool(8, FLOAT)(x), x.mean(1))
    torch.testing.assert_close(MeanPool(6, FLOAT)(x[:, :6]), x[:, :6].mean(1) * 6 / 8)


@pytest.mark.parametrize("name", get_args(Function))
@torch.no_grad()
def test_every_entry_of_a_table_is_what_onnxruntime_computes(name: Function, tmp_path: Path) -> None:
    block = TableActivation(name, Q)
    model = Values(block)
    calibrate(model, 3 * torch.randn(1, 4096))
    every = (torch.arange(-128, 128) * block.input(torch.zeros(1)).scale)[None]
    export_qonnx(model, tmp_path / "table.onnx", every.shape[1:])
    np.testing.assert_array_equal(run(tmp_path / "table.onnx", every.numpy()), model(every).numpy())


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(UserError, match="the function 'sin'; expected gelu, silu, tanh, sigmoid"):
        TableActivation("sin", Q)  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(-6, 6), st.booleans())
def test_calibration_takes_the_best_power_of_two(bits: int, exponent: int, signed: bool) -> None:
    layer = Quantization(Precision(activation=bits)).identity("x", signed=signed)
    x = torch.linspace(-1 if signed else 0, 1, 4001)[1:-1] * 2.0**exponent
    calibrate(nn.Sequential(layer), x)
    scale = layer(x).scale.item()
    assert math.frexp(scale)[0] == 0.5
    assert len(list(thresholds(layer))) == 1
    error = (values(layer(x)) - x).square().mean().item()
    for other in (scale / 2, scale * 2):
        limits = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        assert error <= ((x / other).round().clamp(*limits) * other - x).square().mean().item() * (1 + 1e-5)
