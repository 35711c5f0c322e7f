"""QuantizeLinear and DequantizeLinear of integers, operator sets 10 to 25. ONNX rounds first and then adds the zero
point, unlike QONNX; the reference evaluator's own overflows before it saturates."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx.helper import tensor_dtype_to_np_dtype
from onnx.onnx_ml_pb2 import TensorProto
from onnx.reference.op_run import OpRun

_RANGES = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3)}


def _along(parameter: np.ndarray, x: np.ndarray, axis: int, block: int) -> np.ndarray:
    """One value for all, one for each index of the axis, or one for each block on it."""
    if parameter.size == 1 and not block:
        return parameter.reshape(())
    if block:
        return np.repeat(parameter, block, axis)[tuple(slice(n) for n in x.shape)]
    shape = [1] * x.ndim
    shape[axis] = -1
    return parameter.reshape(shape)


def limits_of(type: np.dtype[Any]) -> tuple[int, int]:
    if type.name in _RANGES:
        return _RANGES[type.name]
    if type.kind not in "iu":
        raise NotImplementedError(f"the type {type}")
    return int(np.iinfo(type).min), int(np.iinfo(type).max)


class QuantizeLinear(OpRun):
    op_domain = ""

    def _run(
        self,
        x: np.ndarray,
        scale: np.ndarray,
        zero_point: np.ndarray | None = None,
        axis: int = 1,
        block_size: int | None = 0,
        output_dtype: int | None = 0,
        **_: Any,
    ) -> tuple[np.ndarray]:
        declared = tensor_dtype_to_np_dtype(output_dtype or TensorProto.UINT8)
        type = declared if zero_point is None else zero_point.dtype
        lo, hi = limits_of(type)
        rounded = np.rint(x / _along(scale, x, axis, block_size or 0)).astype(np.float64)
        if zero_point is not None:
            rounded += _along(zero_point, x, axis, block_size or 0).astype(np.float64)
        return (np.clip(rounded, lo, hi).astype(type),)


class DequantizeLinear(OpRun):
    op_domain = ""

    def _run(
        self,
        x: np.ndarray,
        scale: np.ndarray,
        zero_point: np.ndarray | None = None,
        axis: int = 1,
        block_size: int | None = 0,
        **_: Any,
    ) -> tuple[np.ndarray]:
        whole = x.astype(np.float64)
        if zero_point is not None:
            whole -= _along(zero_point, x, axis, block_size or 0).astype(np.float64)
        return (whole * _along(scale, x, axis, block_size or 0),)


OPS: tuple[type[OpRun], ...] = (QuantizeLinear, DequantizeLinear)
