"""Windows that slide over space or time: strides, dilation and padding of convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.qkeras.handlers.common import integers, refused


@dataclass(frozen=True)
class Windows:
    """``sizes`` of the result and the ONNX ``attributes`` that lead to it."""

    sizes: tuple[int, ...]
    attributes: dict[str, Any]

    @classmethod
    def of(cls, layer: Layer, window: tuple[int, ...], shape: tuple[int, ...]) -> Windows:
        """The windows of a layer over data of ``shape`` (batch, *space, channels).

        Raises:
            UserError: for data smaller than the window, or an unknown padding.
        """
        rank = len(window)
        strides = integers(layer, "strides", rank) if layer.config.get("strides") is not None else window
        dilations = integers(layer, "dilation_rate", rank) if "dilation_rate" in layer.config else (1,) * rank
        padding = str(layer.config.get("padding", "valid")).lower()
        sizes, before, after = [], [], []
        for size, k, stride, dilation in zip(shape[1:-1], window, strides, dilations, strict=True):
            reach = (k - 1) * dilation + 1
            low, high = _pads(layer, padding, size, reach, stride)
            sizes.append((size + low + high - reach) // stride + 1)
            before.append(low)
            after.append(high)
        if min(sizes) < 1:
            raise refused(layer, f"data {list(shape)} smaller than the window {list(window)}", "larger data")
        attributes: dict[str, Any] = {"strides": strides, "pads": [*before, *after]}
        return cls(tuple(sizes), attributes | ({"dilations": dilations} if max(dilations) > 1 else {}))


def _pads(layer: Layer, padding: str, size: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis; ``same`` puts the odd one behind, as TensorFlow does."""
    match padding:
        case "valid":
            return 0, 0
        case "causal":
            return reach - 1, 0
        case "same":
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
            return total // 2, total - total // 2
    raise refused(layer, f"padding={padding!r}", "valid, same or causal")
