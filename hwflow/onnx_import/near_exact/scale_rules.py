"""One rule per kind of operator: what it does to the scales of its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.attributes import int_of
from hwflow.onnx_import.near_exact.bias import round_bias
from hwflow.onnx_import.near_exact.grid import Reals, compress, is_dyadic, split_step
from hwflow.onnx_import.near_exact.queries import MOVES, array_of, operand, scalar_of
from hwflow.onnx_import.near_exact.scale_moves import move, pad, reduce
from hwflow.onnx_import.near_exact.scaled import Scaled, Scales, bits_of
from hwflow.onnx_import.near_exact.weights import split_weights
from hwflow.onnx_import.quantiser import is_quant, read_quantiser
from hwflow.onnx_import.rewrite import replace as replace_node
from hwflow.onnx_import.values import dyadic

Rule = Callable[[Scales, ir.Node], None]

_FACTOR_BITS = 8  # a constant factor of so few bits stays in the graph: it is exact


def quant(s: Scales, node: ir.Node) -> None:
    """Rules 1 and 4 of ``scales``."""
    quantiser = read_quantiser(node)
    scale, step = split_step(quantiser.scale if quantiser.scale.size > 1 else quantiser.scale.reshape(()))
    scale = compress(scale)
    source = s.of[node.inputs[0]]
    if source.port is not None:
        s.input_scales[source.port] = _of_input(node, scale)
    else:
        s.rescale(node, 0, scale, tables=True)
    if np.any(scale != 1):
        s.constant(node, 1, np.asarray(step))
        s.quantisers += 1
    narrow = quantiser.value_bits <= s.options.narrow_bits
    frac = round(-np.log2(step))
    source = s.of[node.inputs[0]]
    if quantiser.point == 0 and _holds(source, frac, quantiser.value_bits - frac):
        s.of[node.outputs[0]] = replace(source, narrow=narrow)  # the importer sees no quantiser either
    else:
        s.of[node.outputs[0]] = Scaled(scale, frac, quantiser.value_bits - frac, narrow)


def _holds(source: Scaled, frac: int, whole: int) -> bool:
    """Whether the numbers of a tensor lie on a grid that is no coarser, in a range that is no smaller.

    Where an end of the range is cut off after all, a bias is put on a coarser grid than it could be.
    """
    if source.frac is None or source.port is not None or source.is_function:
        return False
    return source.frac <= frac and source.whole <= whole


def _of_input(node: ir.Node, scale: Reals) -> float:
    if scale.ndim:
        raise UserError(
            f"Quant {node.outputs[0].name!r}", "an input quantiser with a scale per channel", "one scale",
            "Quantise the input per tensor.",
        )  # fmt: skip
    return float(scale)


def matmul(s: Scales, node: ir.Node) -> None:
    """Rule 2: the scale must be one along the axis that is summed over."""
    sides = [_side(s, node, index, *axes) for index, axes in enumerate(((-1, -2), (-2, -1)))]
    shape = operand(node).shape
    terms = 1 if shape is None else int(shape.numpy()[-1])
    s.of[node.outputs[0]] = _times(sides[0], sides[1], terms.bit_length())


def conv(s: Scales, node: ir.Node) -> None:
    """Rule 2: a product over taps and channels; a depthwise one keeps the scales of its channels apart."""
    weights = array_of(node.inputs[1])
    if weights is None:
        return function(s, node)
    axes = range(2 - weights.ndim, 0)  # pixels
    depthwise = int_of(node, "group", 1) == weights.shape[0] and weights.shape[1] == 1
    x = s.uniform(node, 0, *axes, *(() if depthwise else (1 - weights.ndim,)))
    side = _weights(s, node, weights, 1, 0)
    channels = side.scale.reshape(-1, *(1,) * len(axes)) if side.scale.ndim else side.scale
    terms = int(np.prod(weights.shape[1:]))
    s.of[node.outputs[0]] = _times(x, replace(side, scale=channels), terms.bit_length())
    return None


def _side(s: Scales, node: ir.Node, index: int, summed: int, kept: int | None) -> Scaled:
    """One operand of a product; weights are taken apart."""
    array = array_of(node.inputs[index])
    if array is None:
        return s.uniform(node, index, summed)
    kept = kept if array.ndim > 1 else None  # a vector is summed over
    return _weights(s, node, array, index, kept)


def _weights(s: Scales, node: ir.Node, array: np.ndarray, index: int, kept: int | None) -> Scaled:
    weights, scale, was_float = split_weights(array, kept, s.options.weight_bits)
    if weights is not array:
        s.constant(node, index, weights)
    s.weights += was_float
    return Scaled(scale, dyadic(weights)[1], bits_of(weights) + 1)


def gather(s: Scales, node: ir.Node) -> None:
    """Rows of a constant table, one scale for each column; else a movement."""
    table = array_of(node.inputs[0])
    if table is None:
        return move(s, node)
    side = _weights(s, node, table, 0, -1 if table.ndim > 1 else None)
    s.of[node.outputs[0]] = replace(side, narrow=side.bits <= s.options.narrow_bits and not side.scale.ndim)
    return None


def _times(a: Scaled, b: Scaled, extra: int = 0) -> Scaled:
    frac = None if a.frac is None or b.frac is None else a.frac + b.frac
    return Scaled(compress(a.scale * b.scale), frac, a.whole + b.whole + extra)


def multiply(s: Scales, node: ir.Node) -> None:
    """Mul and Div. Rule 3."""
    index = 0 if array_of(node.inputs[1]) is not None else 1
    constant, x = array_of(node.inputs[1 - index]), s.of.get(node.inputs[index])
    if constant is None and node.op_type == "Mul":
        return _product(s, node)
    if constant is None or x is None or x.is_function or (node.op_type == "Div" and index == 1):
        return function(s, node)
    factor = 1 / constant.astype(np.float64) if node.op_type == "Div" else constant.astype(np.float64)
    if is_dyadic(factor, _FACTOR_BITS):
        frac = None if x.frac is None else x.frac + dyadic(factor)[1]
        s.of[node.outputs[0]] = Scaled(x.scale, frac, x.whole + bits_of(factor), x.narrow and factor.size == 1)
    else:
        _fold_factor(s, node, index, factor)
    return None


def _product(s: Scales, node: ir.Node) -> None:
    a, b = (s.of[v] for v in node.inputs)
    if a.is_function or b.is_function:
        return function(s, node)
    s.of[node.outputs[0]] = _times(a, b)
    return None


def _fold_factor(s: Scales, node: ir.Node, index: int, factor: Reals) -> None:
    """A positive number goes into the scale; factors per channel become the multiplier of the next quantiser."""
    value = operand(node, index)
    old = s.of[value]
    if factor.size > 1 or factor.flat[0] <= 0:
        target = _next_scale(node.outputs[0])
        made = s.multiply(node, value, old.scale * factor / target, target)
        replace_node(s.context.graph, node, lambda _: made)
        return
    new = replace(old, scale=compress(old.scale * float(factor.flat[0])))
    if len(value.uses()) == 1 and value.shape == node.outputs[0].shape:
        s.drop(node, value)
        s.of[value] = new
    else:
        s.constant(node, 1 - index, np.asarray(1.0))
        s.of[node.outputs[0]] = new


def add(s: Scales, node: ir.Node) -> None:
    """Add and Sub. Rules 3 and 4."""
    index = next((i for i, v in enumerate(node.inputs) if array_of(v) is not None), None)
    if index is not None:
        return _add_constant(s, node, index)
    if any(s.of[v].is_function for v in node.inputs):
        return function(s, node)
    a, b = (s.of[v] for v in node.inputs)
    if a.scale.shape != b.scale.shape or np.any(a.scale != b.scale):
        target = _next_scale(node.outputs[0])
        a, b = s.rescale(node, 0, target), s.rescale(node, 1, target)
    frac = None if a.frac is None or b.frac is None else max(a.frac, b.frac)
    s.of[node.outputs[0]] = Scaled(a.scale, frac, max(a.whole, b.whole) + 1)
    return None


def _add_constant(s: Scales, node: ir.Node, index: int) -> None:
    x, constant = s.of[node.inputs[1 - index]], array_of(node.inputs[index])
    assert constant is not None
    if x.is_function:
        return function(s, node)
    if not (x.is_unit and is_dyadic(constant)):
        constant = round_bias(constant / x.scale, x.frac, s.options.bias_guard_bits)
        s.constant(node, index, constant)
        s.biases += 1
    frac = None if x.frac is None else max(x.frac, dyadic(constant)[1])
    whole = max(x.whole, bits_of(constant) + 1) + 1
    s.of[node.outputs[0]] = Scaled(x.scale, frac, whole, x.narrow and constant.size == 1)
    return None


def _next_scale(value: ir.Value) -> Reals:
    """The scale of the quantiser that a value goes to, and to nothing else; 1 if there is none."""
    readers = [use.node for use in value.uses()]
    if len(readers) != 1:
        return np.asarray(1.0)
    (reader,) = readers
    if is_quant(reader):
        scale = read_quantiser(reader).scale
        return compress(split_step(scale if scale.size > 1 else scale.reshape(()))[0])
    if reader.op_type not in MOVES | {"Add", "Sub", "Relu"}:
        return np.asarray(1.0)
    found = _next_scale(reader.outputs[0])
    return found if found.ndim == 0 else np.asarray(1.0)


def limit(s: Scales, node: ir.Node) -> None:
    """Clip, Max, Min with constants: the limits in units of the scale, on the grid of e; in a table as they are."""
    x = s.of.get(node.inputs[0])
    if x is None or x.is_function or any(array_of(v) is None for v in node.inputs[1:] if v is not None):
        return function(s, node)
    if x.narrow and not x.is_unit and not x.scale.ndim and _ends_in_quantisers(node):
        return function(s, node)
    x = s.uniform(node, 0, *range(-x.scale.ndim, 0))
    for index, value in enumerate(node.inputs):
        if (array := array_of(value)) is not None and not x.is_unit:
            s.constant(node, index, round_bias(array / x.scale, x.frac, 0))
    s.of[node.outputs[0]] = x
    return None


def _ends_in_quantisers(node: ir.Node) -> bool:
    """Whether quantisers alone read what a node makes of one tensor and numbers: a table, if the tensor is narrow."""
    numbers = all(scalar_of(v) is not None for v in node.inputs[1:] if v is not None)
    return (
        numbers and all(is_quant(use.node) for use in node.outputs[0].uses()) and not node.outputs[0].is_graph_output()
    )


def keep(s: Scales, node: ir.Node) -> None:
    """Relu, Neg and MaxPool: a positive scale passes, one for each channel too; pixels that are compared share one."""
    x = s.of[operand(node)]
    if node.op_type == "MaxPool":
        x = s.uniform(node, 0, *range(2 - len(operand(node).shape or ()), 0))
    s.of[node.outputs[0]] = x


def function(s: Scales, node: ir.Node) -> None:
    """Anything else works on the numbers of the original. Rule 5."""
    for index, value in enumerate(node.inputs):
        if value in s.of and s.of[value].port is None:
            s.real(node, index)
    for output in node.outputs:
        s.of[output] = Scaled(is_function=True)


RULES: dict[str, Rule] = {
    "Quant": quant,
    "MatMul": matmul,
    "Conv": conv,
    **dict.fromkeys(("Mul", "Div"), multiply),
    **dict.fromkeys(("Add", "Sub"), add),
    **dict.fromkeys(("Clip", "Max", "Min"), limit),
    **dict.fromkeys(("Relu", "Neg", "MaxPool"), keep),
    **dict.fromkeys(("ReduceSum", "ReduceMax"), reduce),
    **dict.fromkeys((*MOVES, "Concat"), move),
    "Pad": pad,
    "Gather": gather,
}
