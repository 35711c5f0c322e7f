"""A real function between two quantizers: torch's own in training, correctly rounded in evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantization
from hwflow.frontends.functions import FUNCTIONS

_TORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "reciprocal": torch.reciprocal,
    "rsqrt": lambda x: torch.reciprocal(torch.sqrt(x)),
    "gelu": nn.functional.gelu,
    "silu": lambda x: x * torch.sigmoid(x),  # written out, so that it exports as Sigmoid and Mul at every opset
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class RealFunction(nn.Module):
    """``f(x)`` elementwise, f one of `hwflow.frontends.functions`.

    The float twin, and a model while it trains or is exported, uses torch's functions, which differ in their last bits
    from one processor to the next.
    """

    def __init__(self, name: str, q: Quantization) -> None:
        super().__init__()
        self.name, self.quantized = name, q.enabled

    def forward(self, x: Tensor) -> Tensor:
        """Apply to ``x`` of any shape, on a grid when the model is quantized."""
        traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        if self.training or not self.quantized or traced:
            return _TORCH[self.name](x)
        result: Tensor = _Rounded.apply(x, self.name)  # type: ignore[no-untyped-call]
        return result


class _Rounded(torch.autograd.Function):
    """The rounded value with the derivative of torch's function."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, name: str) -> Tensor:
        ctx.name = name
        ctx.save_for_backward(x)
        rounded = FUNCTIONS[name](x.detach().cpu().numpy().astype(np.float32))
        return torch.from_numpy(rounded).to(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            (result,) = torch.autograd.grad(_TORCH[ctx.name](x), x, gradient)
        return result, None
