"""Brings the dialects of exporters to one small set of ops, without a change of any value.

An old operator set becomes 13 (``opset``), numbers that make no sense are refused (``bad_values``). Then, node by node:
 1. BipolarQuant (``bipolar``) and QuantizeLinear [Clip] DequantizeLinear (``qcdq``) become Quant.
    What commutes with the quantiser of an input goes behind it, a Pad into its Conv (``before_quantiser``).
 2. Sum, Where, PRelu, Expand, Einsum, products of vectors become what makes them up (``compositions``, ``einsum``),
    dilated and grouped kernels full ones; Gemm becomes MatMul and Add.
 3. ReduceMean of static axes becomes ReduceSum and a multiplication or division.
 4. A bias leaves its Conv, pools that are sums or reductions over all pixels become those (see ``image_rules``).
 5. Identity, Dropout and a Cast from float32 to float32 vanish, unless two outputs are one value.
 6. Nodes of constants become constants, computed by onnxruntime; so does the arithmetic on static shapes (``shapes``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import import compositions, image_rules
from hwflow.onnx_import.attributes import axes_of, int_of
from hwflow.onnx_import.bad_values import check_values
from hwflow.onnx_import.before_quantiser import commute_with_quantisers, fold_pads
from hwflow.onnx_import.bipolar import expand_bipolar
from hwflow.onnx_import.einsum import einsum
from hwflow.onnx_import.fold import fold_constants, lift_constants, remove_unused
from hwflow.onnx_import.opset import upgrade
from hwflow.onnx_import.qcdq import fuse_qcdq
from hwflow.onnx_import.quantiser import is_quant
from hwflow.onnx_import.rewrite import Replacement, bypass, constant, replace
from hwflow.onnx_import.shapes import infer_shapes, resolve_shapes

_Rule = Callable[[ir.Graph, ir.Node], None]


def simplify(model: ir.Model, limits: Limits = LIMITS) -> None:
    """Apply the rules in place; afterwards the graph is sorted and has no dead nodes.

    Raises UserError that names a node which makes no sense.
    """
    lift_constants(model.graph)
    remove_unused(model.graph)
    check_values(model.graph)
    upgrade(model)
    expand_bipolar(model.graph)
    fold_constants(model, limits)
    resolve_shapes(model)
    fuse_qcdq(model.graph)
    commute_with_quantisers(model.graph)
    fold_pads(model.graph)
    remove_unused(model.graph)
    infer_shapes(model)
    for rules in (_COMPOSITIONS, _IMAGE_RULES, _RULES):
        if sum(_apply_any(rules, model.graph, node) for node in list(model.graph)):
            infer_shapes(model)
    fold_constants(model, limits)


def _apply_any(rules: Mapping[str, _Rule], graph: ir.Graph, node: ir.Node) -> bool:
    rule = rules.get("Quant" if is_quant(node) else node.op_type if node.domain in ("", "ai.onnx") else "")
    if rule is not None:
        _apply(rule, graph, node)
    return rule is not None


def _apply(rule: _Rule, graph: ir.Graph, node: ir.Node) -> None:
    try:
        rule(graph, node)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise UserError(
            f"node {node.name or node.outputs[0].name!r} ({node.op_type})",
            f"inputs or attributes that do not fit it ({error})",
            "a valid node",
            "Export the model again.",
        ) from error


def scalar_parameters(graph: ir.Graph, node: ir.Node) -> None:
    """A scale or zero point that is the same for all channels becomes one number."""
    source = node.inputs[0]
    if source is None or source.shape is None or not source.shape.is_static():
        return
    for index in (1, 2):
        value = node.inputs[index]
        array = None if value is None or value.const_value is None else value.const_value.numpy()
        if array is None or array.ndim == 0 or np.any(array != array.flat[0]):
            continue
        if np.broadcast_shapes(array.shape, source.shape.numpy()) == tuple(source.shape.numpy()):
            node.replace_input_with(index, constant(graph, array.ravel()[0].reshape(()), "parameter"))


def _cast(graph: ir.Graph, node: ir.Node) -> None:
    if int_of(node, "to", 0) == _input(node).dtype == ir.DataType.FLOAT:
        bypass(graph, node)


def _input(node: ir.Node, index: int = 0) -> ir.Value:
    value = node.inputs[index]
    if value is None:
        raise ValueError(f"{node.op_type} has no input {index}")
    return value


def _gemm(graph: ir.Graph, node: ir.Node) -> None:
    """alpha * A' B' + beta * C with alpha = beta = 1; other factors stay as Mul."""

    def build(r: Replacement) -> ir.Value:
        operands = [_input(node, 0), _input(node, 1)]
        for i, flag in enumerate(("transA", "transB")):
            if int_of(node, flag, 0):
                operands[i] = r.op("Transpose", operands[i], perm=[1, 0])
        product = _scaled(r, r.op("MatMul", *operands), "alpha")
        if len(node.inputs) < 3 or node.inputs[2] is None:
            return product
        return r.op("Add", product, _scaled(r, _input(node, 2), "beta"))

    def _scaled(r: Replacement, value: ir.Value, factor: str) -> ir.Value:
        number = node.attributes[factor].as_float() if factor in node.attributes else 1.0
        return value if number == 1.0 else r.op("Mul", value, r.const(number))

    replace(graph, node, build)


def _reduce_mean(graph: ir.Graph, node: ir.Node) -> None:
    """A sum, then a multiplication when 1/n is exact, else a division (what the mean of exact sums rounds to)."""
    source = _input(node)
    axes = axes_of(node)
    if source.shape is None or not source.shape.is_static() or (not axes and int_of(node, "noop_with_empty_axes", 0)):
        return
    sizes = source.shape.numpy()
    axes = axes or list(range(len(sizes)))
    count = math.prod(sizes[axis] for axis in axes)
    keepdims = int_of(node, "keepdims", 1)

    def build(r: Replacement) -> ir.Value:
        total = r.op("ReduceSum", source, r.const(np.asarray(axes, np.int64), "axes"), keepdims=keepdims)
        exact = count & (count - 1) == 0
        return r.op("Mul", total, r.const(1.0 / count)) if exact else r.op("Div", total, r.const(float(count)))

    replace(graph, node, build)


_COMPOSITIONS: dict[str, _Rule] = {
    "Quant": scalar_parameters,
    "Sum": compositions.sum_of_all,
    "Where": compositions.where,
    "PRelu": compositions.p_relu,
    "Expand": compositions.expand,
    "MatMul": compositions.matmul_of_vector,
    "Einsum": einsum,
    "Conv": image_rules.plain_kernel,
}

_IMAGE_RULES: dict[str, _Rule] = {
    "Conv": image_rules.split_bias,
    "AveragePool": image_rules.local_mean,
    "GlobalAveragePool": image_rules.global_mean,
    "GlobalMaxPool": image_rules.global_max,
}

_RULES: dict[str, _Rule] = {
    "Identity": bypass,
    "Dropout": bypass,
    "Cast": _cast,
    "Gemm": _gemm,
    "ReduceMean": _reduce_mean,
}

REWRITTEN_OPS = frozenset({*_COMPOSITIONS, *_IMAGE_RULES, *_RULES})
"""Ops that a rule takes; most need to know the shape of what they read."""
