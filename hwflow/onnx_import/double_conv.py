"""Conv in double: onnxruntime has it in float32 only, so that it becomes one product for each tap, summed."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnx_ir as ir

from hwflow.ir.ops import Window
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.rewrite import Replacement, replace
from hwflow.onnx_import.sliding import window_of


def expand_conv(graph: ir.Graph, node: ir.Node, shape: tuple[int, ...]) -> ir.Value:
    """Replace a Conv over an input of ``shape`` whose operands are double. Returns its output."""
    weights = node.inputs[1]
    assert weights is not None and weights.const_value is not None
    array, size = weights.const_value.numpy(), shape[2:]
    window = window_of(node, array.shape[2:], size)
    depthwise = int_of(node, "group", 1) > 1

    def build(r: Replacement) -> ir.Value:
        source = node.inputs[0]
        assert source is not None
        padded, out = _padded(r, source, window, len(size)), _size(window, size)
        terms = []
        for tap in product(*(range(n) for n in array.shape[2:])):
            pixels = _pixels(r, padded, tap, window, out)
            factor = np.moveaxis(array, (0, 1), (-2, -1))[tap]
            if depthwise:
                terms.append(r.op("Mul", pixels, r.const(factor.reshape(1, -1, *(1,) * len(size)), "tap")))
            else:
                rows = r.op("Reshape", pixels, _ints(r, shape[1], int(np.prod(out))))
                terms.append(r.op("MatMul", r.const(factor, "tap"), rows))
        total = r.op("Sum", *terms)
        return r.op("Reshape", total, _ints(r, 1, array.shape[0], *out))

    return replace(graph, node, build)


def _ints(r: Replacement, *numbers: int) -> ir.Value:
    return r.const(np.asarray(numbers, np.int64), "ints")


def _padded(r: Replacement, source: ir.Value, window: Window, axes: int) -> ir.Value:
    before, after = window.pads[:2][:axes], window.pads[2:][:axes]
    zero = r.const(np.asarray(0, np.float64), "zero")
    return r.op("Pad", source, _ints(r, 0, 0, *before, 0, 0, *after), zero) if any(window.pads) else source


def _size(window: Window, size: tuple[int, ...]) -> tuple[int, ...]:
    """Rows and columns, or the length, of what comes out."""
    pads = [window.pads[i] + window.pads[i + 2] for i in range(len(size))]
    return tuple((n + pads[i] - window.kernel[i]) // window.stride[i] + 1 for i, n in enumerate(size))


def _pixels(r: Replacement, source: ir.Value, tap: tuple[int, ...], window: Window, out: tuple[int, ...]) -> ir.Value:
    """The pixels that one tap meets."""
    stride = window.stride[: len(out)]
    ends = [start + (n - 1) * step + 1 for start, n, step in zip(tap, out, stride, strict=True)]
    axes = range(2, 2 + len(out))
    return r.op("Slice", source, _ints(r, *tap), _ints(r, *ends), _ints(r, *axes), _ints(r, *stride))
