"""The ops of the integer graph, one file each."""

from hwflow.ir.ops.clamp import Clamp
from hwflow.ir.ops.concat import Concat
from hwflow.ir.ops.elementwise import Add, Mul, Sub
from hwflow.ir.ops.lookup import Lookup
from hwflow.ir.ops.matmul import MatMul
from hwflow.ir.ops.reduce import ReduceMax, ReduceSum
from hwflow.ir.ops.requantise import Requantise
from hwflow.ir.ops.reshape import Reshape
from hwflow.ir.ops.shift import Shift
from hwflow.ir.ops.slice import Slice
from hwflow.ir.ops.table import Table
from hwflow.ir.ops.transpose import Transpose
from hwflow.ir.ops.window import Window

OPS = {
    op.__name__: op
    for op in (
        Add,
        Clamp,
        Concat,
        Lookup,
        MatMul,
        Mul,
        ReduceMax,
        ReduceSum,
        Requantise,
        Reshape,
        Shift,
        Slice,
        Sub,
        Table,
        Transpose,
        Window,
    )
}
"""Every op by its name in the JSON file."""

__all__ = [
    "OPS",
    "Add",
    "Clamp",
    "Concat",
    "Lookup",
    "MatMul",
    "Mul",
    "ReduceMax",
    "ReduceSum",
    "Requantise",
    "Reshape",
    "Shift",
    "Slice",
    "Sub",
    "Table",
    "Transpose",
    "Window",
]
