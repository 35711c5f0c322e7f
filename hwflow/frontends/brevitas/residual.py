"""Residual addition on one shared grid."""

from __future__ import annotations

from torch import nn

from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values


class Residual(nn.Module):
    """``Q(S(branch) + S(skip))``: one quantizer S puts both operands on the same grid, so no adder aligns them."""

    def __init__(self, q: Quantization) -> None:
        super().__init__()
        self.operand = q.identity("operand")
        self.sum = q.identity("sum")

    def forward(self, branch: Quantized, skip: Quantized) -> Quantized:
        """Both of one shape; either an exact accumulator or a quantized tensor."""
        return self.sum(values(self.operand(branch)) + values(self.operand(skip)))
