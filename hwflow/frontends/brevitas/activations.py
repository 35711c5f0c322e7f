"""Non-linear functions as tables: quantized in, float function, quantized out."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from hwflow.errors import UserError
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values
from hwflow.frontends.brevitas.real_function import RealFunction

Function = Literal["gelu", "silu", "tanh", "sigmoid"]


class TableActivation(nn.Module):
    """``Q(f(Q(x)))``, elementwise: a table of ``2**bits`` entries in hardware.

    Raises:
        UserError: for a function that is not one of ``gelu`` (erf form), ``silu``, ``tanh``, ``sigmoid``.
    """

    def __init__(self, function: Function, q: Quantization) -> None:
        super().__init__()
        if function not in get_args(Function):
            raise UserError(
                "TableActivation", f"the function {function!r}", ", ".join(get_args(Function)), "Choose one."
            )
        self.function = RealFunction(function, q)
        self.input = q.identity("input_quant")
        self.output = q.identity("output_quant", "table", signed=function != "sigmoid")

    def forward(self, x: Quantized) -> Quantized:
        """Apply to ``x`` of any shape."""
        return self.output(self.function(values(self.input(x))))
