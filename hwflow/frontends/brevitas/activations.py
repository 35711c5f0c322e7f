"""Non-linear functions as tables: quantized in, float function, quantized out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from hwflow.errors import UserError
from hwflow.frontends.brevitas.quantization import Quantization, Quantized, values

Function = Literal["gelu", "silu", "tanh", "sigmoid"]
_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": nn.functional.gelu,
    "silu": lambda x: x * torch.sigmoid(x),  # written out, so that it exports as Sigmoid and Mul at every opset
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class TableActivation(nn.Module):
    """``Q(f(Q(x)))``, elementwise: a table of ``2**bits`` entries in hardware.

    Raises:
        UserError: for a function that is not one of ``gelu`` (erf form), ``silu``, ``tanh``, ``sigmoid``.
    """

    def __init__(self, function: Function, q: Quantization) -> None:
        super().__init__()
        if function not in _FUNCTIONS:
            raise UserError(
                "TableActivation", f"the function {function!r}", ", ".join(get_args(Function)), "Choose one."
            )
        self.function = _FUNCTIONS[function]
        self.input = q.identity("input_quant")
        self.output = q.identity("output_quant", "table", signed=function != "sigmoid")

    def forward(self, x: Quantized) -> Quantized:
        """Apply to ``x`` of any shape."""
        return self.output(self.function(values(self.input(x))))
