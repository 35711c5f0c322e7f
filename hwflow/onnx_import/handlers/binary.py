"""Element-wise ops of two operands, in order of preference:

1. both integers: an exact integer node;
2. an integer and a constant on a grid: exact, or a shift when the constant is a power of two;
3. functions of one and the same narrow tensor (x * sigmoid(x), x + 0.1): a longer chain that waits for its quantiser.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from hwflow.ir.graph import Op
from hwflow.ir.ops import Add, Clamp, Mul, Reshape, Shift, Sub
from hwflow.onnx_import.handlers.unary import integers, operand, real, waiting
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import NotQuantised, Unsupported
from hwflow.onnx_import.rewrite import constant
from hwflow.onnx_import.values import Constant, Value, drop_axis, dyadic

_OPS: dict[str, Op] = {"Add": Add(), "Sub": Sub(), "Mul": Mul()}
_EXTREMES = ("Max", "Min")
WEIGHT_BITS = 21  # a float32 that no quantiser made has more significant bits than this
BIAS_BITS = 20  # a bias this narrow may be finer than its accumulator


def binary(importer: Importer, node: ir.Node) -> list[Value]:
    """Add, Sub, Mul, Div, Pow, Max, Min."""
    if len(node.inputs) != 2:
        return [_of_many(importer, node)]
    symbols = [importer.symbols[v] for v in node.inputs]  # type: ignore[index]
    if isinstance(symbols[1], Constant):
        return [_with_constant(importer, node, operand(importer, node, 0), real(symbols[1]), swapped=False)]
    if isinstance(symbols[0], Constant):
        return [_with_constant(importer, node, operand(importer, node, 1), real(symbols[0]), swapped=True)]
    a, b = operand(importer, node, 0), operand(importer, node, 1)
    if a.id is None or b.id is None or node.op_type not in (*_OPS, *_EXTREMES):
        return [waiting(node, a, b)]
    return [_extreme(importer, node, a, b) if node.op_type in _EXTREMES else _integers(importer, node, a, b)]


def _of_many(importer: Importer, node: ir.Node) -> Value:
    """Max and Min of three and more computed tensors."""
    if any(isinstance(importer.symbols[v], Constant) for v in node.inputs):  # type: ignore[index]
        raise Unsupported("it has constants among other than two operands; join two at a time")
    first, *others = (integers(importer, node, index) for index in range(len(node.inputs)))
    for other in others:
        first = _extreme(importer, node, first, other)
    return first


def _extreme(importer: Importer, node: ir.Node, a: Value, b: Value) -> Value:
    """``max(a, b)`` is ``a + max(b - a, 0)``, and so is the minimum."""
    name = node.outputs[0].name or ""
    above = _integers(importer, node, b, a, Sub())
    clamp = Clamp(0, None) if node.op_type == "Max" else Clamp(None, 0)
    limited = replace(above, id=importer.emit(name, clamp, above.id or ""))
    return _integers(importer, node, a, limited, Add())


def _integers(importer: Importer, node: ir.Node, a: Value, b: Value, op: Op | None = None) -> Value:
    name, op = node.outputs[0].name or "", op or _OPS[node.op_type]
    shape = np.broadcast_shapes(a.shape, b.shape)
    if a.batch == b.batch and len(a.shape) == len(b.shape):
        id, batch = importer.emit(name, op, a.id or "", b.id or ""), a.batch
    else:
        full = (_padded(importer, v, len(shape)) for v in (a, b))
        id, batch = importer.settle(importer.emit(name, op, *full), shape)
    source = a.source if a.source == b.source and a.source else importer.own_source(id, name)
    return Value(id, shape, batch, source)


def _padded(importer: Importer, value: Value, rank: int) -> str:
    full = importer.full(value)
    missing = rank - len(value.shape)
    return importer.reshape(full, (1,) * missing + value.shape) if missing else full


def with_rank(importer: Importer, value: Value, rank: int) -> Value:
    """The value with leading axes of size 1, as many as a constant of this rank needs."""
    shape = (1,) * (rank - len(value.shape)) + value.shape
    if shape == value.shape:
        return value
    if value.id is None:
        raise Unsupported(f"its constant has {rank} axes, its input {len(value.shape)}; give them the same number")
    return Value(importer.builder.add(Reshape(shape[1:]), value.id), shape, -rank)


def _with_constant(importer: Importer, node: ir.Node, value: Value, array: np.ndarray, swapped: bool) -> Value:
    name = node.outputs[0].name or ""
    value = with_rank(importer, value, array.ndim)
    exact = None if value.id is None else _exact(importer, node.op_type, value, array, swapped, name)
    scalar = array.size == 1
    if exact is None:
        if (
            not scalar
            and np.all(array == array.flat[0])
            and np.broadcast_shapes(value.shape, array.shape) == value.shape
        ):
            number = constant(importer.model.graph, array.ravel()[0].reshape(()), "number")
            node.replace_input_with(0 if swapped else 1, number)  # for the table, which knows no axes
            importer.symbols[number] = Constant(number.const_value.numpy())  # type: ignore[union-attr]
        elif not scalar:
            raise NotQuantised(f"its constant {list(array.shape)} lies on no fixed-point grid; quantise it")
        return waiting(node, value)
    id, shape, batch = exact
    source = value.source if scalar else None
    return Value(id, shape, batch, source or importer.own_source(id, name))


def _exact(
    importer: Importer, op_type: str, value: Value, array: np.ndarray, swapped: bool, name: str
) -> tuple[str, tuple[int, ...], int | None] | None:
    """Integer tensor, ONNX shape and batch axis of the result, or None when the constant allows no exact form."""
    assert value.id is not None
    if op_type in ("Max", "Min"):
        return _limited(importer, op_type, value, array, name)
    if op_type == "Pow" and not swapped and array.size == 1 and float(array.ravel()[0]) == 2.0:
        return importer.emit(name, Mul(), value.id, value.id), value.shape, value.batch
    if op_type == "Div" and not swapped:
        op_type, array = "Mul", _reciprocals(array)
    if op_type not in _OPS or not (grid := _on_grid(importer, op_type, value, array)):
        return None
    integers, frac = grid
    shape = np.broadcast_shapes(value.shape, array.shape)
    if op_type == "Mul" and np.all(integers == 1):
        return importer.emit(name, Shift(-frac), value.id), shape, value.batch
    tensor, constant, batch = _aligned(importer, value, integers, len(shape))
    operands = (tensor, importer.builder.constant(constant, frac))
    id = importer.emit(name, _OPS[op_type], *(reversed(operands) if swapped else operands))
    return (id, shape, batch) if batch is not None or value.batch is None else (*_settled(importer, id, shape),)


def _settled(importer: Importer, id: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...], int | None]:
    settled, batch = importer.settle(id, shape)
    return settled, shape, batch


def _limited(
    importer: Importer, op_type: str, value: Value, array: np.ndarray, name: str
) -> tuple[str, tuple[int, ...], int | None] | None:
    if array.size > 1:
        return _limited_each(importer, op_type, value, array, name)
    limit = float(array.ravel()[0]) / importer.builder.tensor(value.id or "").type.step
    if not limit.is_integer():
        return None
    clamp = Clamp(int(limit), None) if op_type == "Max" else Clamp(None, int(limit))
    return importer.emit(name, clamp, value.id or ""), value.shape, value.batch


def _limited_each(
    importer: Importer, op_type: str, value: Value, array: np.ndarray, name: str
) -> tuple[str, tuple[int, ...], int | None] | None:
    """A limit for each element: ``max(x, c)`` is ``max(x - c, 0) + c``."""
    if not (grid := _on_grid(importer, op_type, value, array)):
        return None
    shape = np.broadcast_shapes(value.shape, array.shape)
    id, integers, batch = _aligned(importer, value, grid[0], len(shape))
    limits = importer.builder.constant(integers, grid[1])
    for op in (Sub(), Clamp(0, None) if op_type == "Max" else Clamp(None, 0), Add()):
        id = importer.emit(name, op, id, *([] if isinstance(op, Clamp) else [limits]))
    return (id, shape, batch) if batch is not None or value.batch is None else (*_settled(importer, id, shape),)


def _reciprocals(array: np.ndarray) -> np.ndarray:
    """1 / array where that is exact, else a value that lies on no grid."""
    mantissa, _ = np.frexp(array)
    return 1.0 / array if np.all(np.abs(mantissa) == 0.5) else np.full_like(array, np.nan)


def _on_grid(importer: Importer, op_type: str, value: Value, array: np.ndarray) -> tuple[np.ndarray, int] | None:
    """The constant as integers and fraction, or None when no quantiser can have made it."""
    if not np.all(np.isfinite(array)):
        return None
    try:
        integers, frac = dyadic(array)
    except OverflowError:
        return None
    bits = int(np.abs(integers).max(initial=0)).bit_length()
    if op_type == "Mul":
        return (integers, frac) if bits <= WEIGHT_BITS else None
    accumulator = importer.builder.tensor(value.id or "").type.frac
    return (integers, frac) if bits <= BIAS_BITS or frac <= accumulator else None


def _aligned(importer: Importer, value: Value, constant: np.ndarray, rank: int) -> tuple[str, np.ndarray, int | None]:
    """The operands without the batch axis, or both in full shape when the constant varies along it."""
    assert value.id is not None
    if constant.size == 1 and len(value.shape) == rank:
        return value.id, constant.reshape(()), value.batch
    if value.batch is None:
        return value.id, constant, None
    covers = constant.ndim >= -value.batch
    if len(value.shape) == rank and (not covers or constant.shape[value.batch] == 1):
        return value.id, constant.reshape(drop_axis(constant.shape, value.batch)) if covers else constant, value.batch
    return _padded(importer, value, rank), constant, None
