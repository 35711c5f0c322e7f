"""How a kernel slides over an image: what ONNX says of Conv and of the local pools, as a ``Window``.

A sequence (1, C, T) is an image of one column. Source of the arithmetic: the operator definitions of Conv and MaxPool
(github.com/onnx/onnx, docs/Operators.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from hwflow.ir.ops import Window
from hwflow.onnx_import.attributes import int_of, ints_of
from hwflow.onnx_import.problems import Unsupported


def window_of(node: ir.Node, kernel: Sequence[int], size: Sequence[int]) -> Window:
    """The window of a node over an image of ``size`` (H, W) or (T,). Refuses what is not supported."""
    axes = len(size)
    given = ints_of(node, "kernel_shape")
    if given is not None and tuple(given) != tuple(kernel):
        raise Unsupported(f"its kernel_shape {given} is not that of its weights {list(kernel)}")
    if any(d != 1 for d in ints_of(node, "dilations") or ()):
        raise Unsupported(
            "dilated pools are not supported; leave the dilation out, or split the image into its pixels first"
        )
    stride = ints_of(node, "strides") or [1] * axes
    if any(n < 1 for n in (*kernel, *stride)) or not len(kernel) == len(stride) == axes:
        raise Unsupported(f"its kernel {list(kernel)} and strides {stride} are not positive numbers, one for each axis")
    pads = _pads(node, kernel, stride, size)
    if any(n + pads[i] + pads[i + axes] < kernel[i] for i, n in enumerate(size)):
        raise Unsupported(f"its kernel {list(kernel)} is larger than its padded input {list(size)}")
    window = _two_axes(tuple(kernel), 1), _two_axes(tuple(stride), 1)
    before, after = _two_axes(tuple(pads[:axes]), 0), _two_axes(tuple(pads[axes:]), 0)
    return Window(*window, (*before, *after))


def rounds_up(node: ir.Node, window: Window, size: Sequence[int]) -> bool:
    """Whether ``ceil_mode`` adds an output that hangs over the edge."""
    top, left, bottom, right = window.pads
    rows = [(size[0] + top + bottom, 0), *([(size[1] + left + right, 1)] if len(size) > 1 else [])]
    over = any((n - window.kernel[axis]) % window.stride[axis] for n, axis in rows)
    return bool(int_of(node, "ceil_mode", 0)) and over


def _two_axes(numbers: tuple[int, ...], column: int) -> tuple[int, int]:
    """Rows and columns."""
    return (numbers[0], numbers[1] if len(numbers) == 2 else column)


def _pads(node: ir.Node, kernel: Sequence[int], stride: Sequence[int], size: Sequence[int]) -> list[int]:
    """Zeros at the start of each axis, then at the end of each."""
    mode = node.attributes["auto_pad"].as_string() if "auto_pad" in node.attributes else "NOTSET"
    if mode in ("NOTSET", "VALID"):
        pads = ints_of(node, "pads") if mode == "NOTSET" else None
        if any(n < 0 for n in pads or ()):
            raise Unsupported(f"its pads {pads} are negative; slice its input instead")
        return pads or [0] * 2 * len(size)
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise Unsupported(f"auto_pad {mode!r} is unknown")
    # SAME: as many outputs as input over stride, rounded up; the odd zero is at the end (UPPER) or the start (LOWER).
    total = [max(0, (-(-n // s) - 1) * s + k - n) for n, s, k in zip(size, stride, kernel, strict=True)]
    less, more = [n // 2 for n in total], [n - n // 2 for n in total]
    return [*less, *more] if mode == "SAME_UPPER" else [*more, *less]
