"""Frameworks as another processor has them: their real functions, and they alone, are 3 units in the last place off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

ERROR = 1 - 3 * 2.0**-24
TORCH = {
    f"aten.{name}.default"
    for name in ("exp", "log", "sqrt", "rsqrt", "reciprocal", "tanh", "sigmoid", "erf", "gelu", "silu", "softplus")
}
KERAS = {
    "numpy": ("exp", "log", "sqrt", "reciprocal", "tanh", "sin", "cos", "log1p", "expm1"),
    "math": ("rsqrt", "erf"),
    "nn": ("sigmoid", "gelu", "silu", "softplus", "tanh", "elu", "softsign", "softmax"),
}


class ApproximateTorch(TorchDispatchMode):
    """While it is active, torch's functions are off; ``calls`` counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if str(func) not in TORCH:
            return result
        self.calls[str(func)] += 1
        with torch.no_grad():
            return result * ERROR


@contextmanager
def approximate_keras() -> Iterator[Counter[str]]:
    """While it is open, the functions of Keras' TensorFlow backend are off, in whatever is traced; their calls."""
    import keras.src.backend.tensorflow as backend

    calls: Counter[str] = Counter()

    def off(name: str, function: Any) -> Any:
        def wrong(*args: Any, **options: Any) -> Any:
            calls[name] += 1
            return function(*args, **options) * ERROR

        return wrong

    with ExitStack() as stack:
        for module, names in KERAS.items():
            for name in names:
                if function := getattr(getattr(backend, module), name, None):
                    patched = mock.patch.object(getattr(backend, module), name, off(name, function))
                    stack.enter_context(patched)
        yield calls
