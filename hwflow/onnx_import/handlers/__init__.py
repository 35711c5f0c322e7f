"""One handler per ONNX op: ``(importer, node) -> symbols of its outputs``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from hwflow.onnx_import.handlers import binary, conv, matmul, movement, pool, quant, reduce, unary
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.values import Symbol

Handler = Callable[[Importer, ir.Node], Sequence[Symbol]]

HANDLERS: dict[str, Handler] = {
    "Quant": quant.quant,
    "MatMul": matmul.matmul,
    "Conv": conv.conv,
    "MaxPool": pool.max_pool,
    "AveragePool": pool.average_pool,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"), binary.binary),
    **dict.fromkeys(("Relu", "Neg", "Clip"), unary.exact),
    **dict.fromkeys(unary.FUNCTIONS, unary.function),
    **dict.fromkeys(("ReduceSum", "ReduceMax"), reduce.reduce),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), movement.reshape),
    "Identity": movement.identity,
    "Transpose": movement.transpose,
    "Concat": movement.concat,
    "Pad": movement.pad,
    "Slice": movement.slice_,
    "Split": movement.split,
    "Gather": movement.gather,
}
