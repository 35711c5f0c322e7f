"""Quantised models as people write them, without a thought of hwflow: Brevitas layers, torch's float norms and GELU."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import brevitas.quant as bq
import torch
from brevitas.quant import fixed_point as fp
from torch import Tensor, nn

FLOAT = {"act": bq.Int8ActPerTensorFloat, "unsigned": bq.Uint8ActPerTensorFloat, "weight": bq.Int8WeightPerTensorFloat}
POWER_OF_TWO = {
    "act": fp.Int8ActPerTensorFixedPoint,
    "unsigned": fp.Uint8ActPerTensorFixedPoint,
    "weight": fp.Int8WeightPerTensorFixedPoint,
}
Quantisers = dict[str, Any]  # Brevitas ships no types


def attention(q: Quantisers, dim: int, heads: int, packed: bool, batch_first: bool) -> nn.Module:
    """Brevitas' own attention; with default quantisers it takes only their names, so nothing is passed for them."""
    chosen = {} if q is FLOAT else {
        "in_proj_weight_quant": q["weight"], "out_proj_weight_quant": q["weight"],
        "in_proj_bias_quant": None, "out_proj_bias_quant": None,
        "in_proj_input_quant": q["act"], "out_proj_input_quant": q["act"], "q_scaled_quant": q["act"],
        "k_transposed_quant": q["act"], "v_quant": q["act"], "attn_output_weights_quant": q["unsigned"],
    }  # fmt: skip
    return qnn.QuantMultiheadAttention(dim, heads, packed_in_proj=packed, batch_first=batch_first, **chosen)


class EncoderLayer(nn.Module):
    """A post-norm encoder layer."""

    def __init__(self, q: Quantisers, packed: bool, batch_first: bool, dim: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.input, self.middle, self.normed, self.hidden, self.output = (
            qnn.QuantIdentity(act_quant=q["act"]) for _ in range(5)
        )
        self.attention = attention(q, dim, heads, packed, batch_first)
        self.norm, self.gelu = nn.LayerNorm(dim), nn.GELU()
        self.up = qnn.QuantLinear(dim, 2 * dim, bias=True, weight_quant=q["weight"])
        self.down = qnn.QuantLinear(2 * dim, dim, bias=True, weight_quant=q["weight"])

    def forward(self, x: Tensor) -> Tensor:
        x = self.input(x)
        x = self.middle(x + self.attention(x, x, x, need_weights=False)[0])
        x = self.normed(self.norm(x))
        return self.output(x + self.down(self.hidden(self.gelu(self.up(x)))))  # type: ignore[no-any-return]


class ImageNetwork(nn.Module):
    """A stem, a separable convolution with a residual, a local and a global pool."""

    def __init__(self, q: Quantisers, dim: int = 8) -> None:
        super().__init__()
        self.input, self.residual, self.pooled, self.mean, self.logits = (
            qnn.QuantIdentity(act_quant=q["act"]) for _ in range(5)
        )
        self.stem = self._conv(q, 3, dim, 3, stride=2, padding=1)
        self.depthwise = self._conv(q, dim, dim, 3, padding=1, groups=dim)
        self.pointwise = self._conv(q, dim, dim, 1)
        self.head = qnn.QuantLinear(dim, 5, bias=True, weight_quant=q["weight"])

    @staticmethod
    def _conv(q: Quantisers, inputs: int, outputs: int, kernel: int, **given: int) -> nn.Module:
        conv = qnn.QuantConv2d(inputs, outputs, kernel, bias=False, weight_quant=q["weight"], **given)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), qnn.QuantReLU(act_quant=q["unsigned"]))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(self.input(x))
        x = self.residual(x + self.pointwise(self.depthwise(x)))
        x = self.pooled(nn.functional.max_pool2d(x, 2))
        x = self.mean(nn.functional.adaptive_avg_pool2d(x, 1))
        return self.logits(self.head(torch.flatten(x, 1)))  # type: ignore[no-any-return]


class Mixer(nn.Module):
    """An MLP-mixer block and a pooled head."""

    def __init__(self, q: Quantisers, tokens: int = 6, dim: int = 16) -> None:
        super().__init__()
        self.input, self.mixed, self.residual, self.output, self.logits = (
            qnn.QuantIdentity(act_quant=q["act"]) for _ in range(5)
        )
        sizes = ((tokens, 12), (12, tokens), (dim, 32), (32, dim), (dim, 5))
        self.layers = nn.ModuleList(qnn.QuantLinear(*s, bias=True, weight_quant=q["weight"]) for s in sizes)
        self.relu = qnn.QuantReLU(act_quant=q["unsigned"])

    def forward(self, x: Tensor) -> Tensor:
        x = self.input(x)
        a, b, c, d, head = self.layers
        y = b(self.mixed(torch.relu(a(x.transpose(1, 2))))).transpose(1, 2)
        x = self.residual(x + y)
        x = self.output(x + d(self.relu(c(x))))
        return self.logits(head(x.mean(1)))  # type: ignore[no-any-return]


class Normed(nn.Module):
    """A feed-forward block with BatchNorm over the channels of every token."""

    def __init__(self, q: Quantisers, dim: int = 16) -> None:
        super().__init__()
        self.input, self.output = (qnn.QuantIdentity(act_quant=q["act"]) for _ in range(2))
        self.up = qnn.QuantLinear(dim, 32, bias=True, weight_quant=q["weight"])
        self.down = qnn.QuantLinear(32, dim, bias=True, weight_quant=q["weight"])
        self.norms = nn.ModuleList((nn.BatchNorm1d(32), nn.BatchNorm1d(dim)))
        self.relu = qnn.QuantReLU(act_quant=q["unsigned"])

    def forward(self, x: Tensor) -> Tensor:
        x = self.input(x)
        y = self.relu(self.norms[0](self.up(x).transpose(1, 2)).transpose(1, 2))
        y = self.norms[1](self.down(y).transpose(1, 2)).transpose(1, 2)
        return self.output(x + y)  # type: ignore[no-any-return]


class WeightsOnly(nn.Module):
    """A pre-norm causal transformer block as vision libraries write it; nothing but weights is quantised."""

    def __init__(self, tokens: int = 6, dim: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.projection, self.up, self.down = (
            qnn.QuantLinear(*s, bias=True, weight_quant=FLOAT["weight"])
            for s in ((dim, 3 * dim), (dim, dim), (dim, 2 * dim), (2 * dim, dim))
        )
        self.norms, self.silu = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2)), nn.SiLU()
        self.register_buffer("mask", torch.triu(torch.full((tokens, tokens), -torch.inf), 1))

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, dim = x.shape
        packed = self.qkv(self.norms[0](x)).reshape(batch, tokens, 3, self.heads, dim // self.heads)
        q, k, v = packed.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-1, -2) / (dim // self.heads) ** 0.5 + self.mask
        context = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, tokens, dim)
        x = x + self.projection(context)
        return x + self.down(self.silu(self.up(self.norms[1](x))))  # type: ignore[no-any-return]


class Asymmetric(nn.Module):
    """Unsigned activations with zero points."""

    def __init__(self, dim: int = 16) -> None:
        super().__init__()
        self.input, self.middle, self.output = (
            qnn.QuantIdentity(act_quant=bq.ShiftedUint8ActPerTensorFloat) for _ in range(3)
        )
        self.up = qnn.QuantLinear(dim, 32, bias=True, weight_quant=bq.Int8WeightPerChannelFloat)
        self.down = qnn.QuantLinear(32, dim, bias=True, weight_quant=bq.Int8WeightPerChannelFloat)

    def forward(self, x: Tensor) -> Tensor:
        x = self.input(x)
        return self.output(x + self.down(self.middle(torch.relu(self.up(x)) - 0.3)))  # type: ignore[no-any-return]


class WideBias(nn.Module):
    """A linear layer with a 32-bit bias on the real scale of its accumulator."""

    def __init__(self, dim: int = 16) -> None:
        super().__init__()
        self.input = qnn.QuantIdentity(act_quant=FLOAT["act"], return_quant_tensor=True)
        self.linear = qnn.QuantLinear(dim, dim, bias=True, weight_quant=FLOAT["weight"], bias_quant=bq.Int32Bias)
        self.output = qnn.QuantIdentity(act_quant=FLOAT["act"])

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.linear(self.input(x)))  # type: ignore[no-any-return]
