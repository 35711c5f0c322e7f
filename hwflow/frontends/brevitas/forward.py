"""The forward of a PyTorch model on arrays, for the values that are stored beside an exported one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from hwflow.verify.expected import Forward


def forward_of(model: nn.Module) -> Forward:
    """Arrays in, arrays out, in the precision of the model's parameters; without gradients, in evaluation."""
    dtype = next((parameter.dtype for parameter in model.parameters()), torch.float32)
    model.eval()

    def forward(inputs: list[np.ndarray]) -> list[np.ndarray]:
        tensors = [torch.from_numpy(x) for x in inputs]
        with torch.no_grad():
            results = model(*(x.to(dtype) if x.is_floating_point() else x for x in tensors))
        several = isinstance(results, (list, tuple)) and not _is_quantised(results)
        return [_array(result) for result in (results if several else [results])]

    return forward


def _is_quantised(result: Any) -> bool:
    """Whether it is a tensor with its scale, which Brevitas makes a tuple."""
    return hasattr(result, "value") and hasattr(result, "scale")


def _array(result: Any) -> np.ndarray:
    tensor = result.value if _is_quantised(result) else result
    return np.asarray(tensor.detach().cpu().numpy())
