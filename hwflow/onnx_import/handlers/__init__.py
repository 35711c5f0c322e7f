"""One handler per ONNX op: ``(importer, node) -> symbols of its outputs``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from hwflow.onnx_import.handlers import binary, matmul, movement, quant, reduce, unary
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.values import Symbol

Handler = Callable[[Importer, ir.Node], Sequence[Symbol]]

HANDLERS: dict[str, Handler] = {
    "Quant": quant.quant,
    "MatMul": matmul.matmul,
    **{op: binary.binary for op in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min")},
    **{op: unary.exact for op in ("Relu", "Neg", "Clip")},
    **{op: unary.function for op in unary.FUNCTIONS},
    **{op: reduce.reduce for op in ("ReduceSum", "ReduceMax")},
    **{op: movement.reshape for op in ("Reshape", "Flatten", "Squeeze", "Unsqueeze")},
    "Transpose": movement.transpose,
    "Concat": movement.concat,
    "Slice": movement.slice_,
    "Split": movement.split,
    "Gather": movement.gather,
}
