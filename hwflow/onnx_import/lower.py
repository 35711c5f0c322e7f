"""Lowers QONNX to standard ops that a stock onnxruntime runs: Quant becomes Div, Round, Clip, Mul.

Values named in ``wide`` need more than 24 bits: their nodes compute in double, up to the next quantiser.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.double_conv import expand_conv
from hwflow.onnx_import.quantise import needs_double, quantise
from hwflow.onnx_import.quantiser import QUANT_DOMAINS, is_quant, read_quantiser
from hwflow.onnx_import.rewrite import Replacement, constant, replace

_FLOAT32_BITS = 24
_SINGLE_ONLY = frozenset(
    (
        *("Erf", "Gelu", "Softplus", "Softsign", "Elu", "Selu", "Celu", "LeakyRelu"),
        *("HardSigmoid", "HardSwish", "Mish", "ThresholdedRelu", "Swish"),
    )
)
"""Real functions that onnxruntime computes in float32 only."""

_TURNED = ("MatMul", "Transpose")
"""What reads no Cast to double of a Transpose: onnxruntime swaps the two in front of a MatMul, and where the batch is
turned its optimiser of layouts then crashes (1.32; ``MatmulTransposeFusion`` and ``NchwcTransformer``)."""


def lower(model: ir.Model, wide: Collection[str] = ()) -> None:
    """Lower in place. Every quantised value keeps its name."""
    graph = model.graph
    double: set[ir.Value] = set()
    for node in list(graph):
        in_double = any(v in double or _is_double_constant(v) for v in node.inputs if v is not None)
        if is_quant(node):
            _lower_quant(graph, node, double)
        elif node.op_type == "Gather":
            _limit_tokens(graph, node, double)
        elif node.op_type in _SINGLE_ONLY:
            _narrow(graph, node, double)
        elif node.op_type == "Cast":
            continue  # its type is its own
        elif in_double or any(o.name in wide for o in node.outputs):
            _widen(graph, node, double)
    for domain in QUANT_DOMAINS:
        graph.opset_imports.pop(domain, None)


def _lower_quant(graph: ir.Graph, node: ir.Node, double: set[ir.Value]) -> None:
    """Round in the type of the input, or in double; the result is double only if it has more than 24 bits."""
    quantiser = read_quantiser(node)
    source = node.inputs[0]
    assert source is not None
    # With a real scale float32 is what every runtime computes in; only a power of two has integers to keep.
    is_wide = quantiser.value_bits > _FLOAT32_BITS and quantiser.frac is not None
    in_double = is_wide or source in double or needs_double(quantiser)

    def build(r: Replacement) -> ir.Value:
        value = r.op("Cast", source, to=int(ir.DataType.DOUBLE)) if in_double and source not in double else source
        result = quantise(r, value, quantiser, np.float64 if in_double else np.float32)
        return r.op("Cast", result, to=int(ir.DataType.FLOAT)) if in_double and not is_wide else result

    output = replace(graph, node, build)
    if is_wide:
        double.add(output)
        output.type = ir.TensorType(ir.DataType.DOUBLE)  # a clone shares the old one


def _widen(graph: ir.Graph, node: ir.Node, double: set[ir.Value]) -> None:
    """Give a node double inputs; its outputs are double too."""
    shape = node.inputs[0].shape if node.inputs and node.inputs[0] is not None else None
    for index in range(len(node.inputs)):
        value = node.inputs[index]  # may have been replaced by now
        if value is None or value in double or not _is_float(value):
            continue
        if value.const_value is not None:
            wide = constant(graph, value.const_value.numpy().astype(np.float64), "double")
        elif node.op_type in _TURNED and (turn := value.producer()) and turn.op_type == "Transpose":
            wide = _turn_in_double(graph, node, index, turn, double)
        else:
            cast = ir.node("Cast", [value], attributes={"to": int(ir.DataType.DOUBLE)})
            cast.outputs[0].name = f"{value.name}/hwflow_double_{index}_{node.outputs[0].name}"
            graph.insert_before(node, [cast])
            wide = cast.outputs[0]
        node.replace_input_with(index, wide)
    for output in node.outputs:
        output.type = ir.TensorType(ir.DataType.DOUBLE)  # a clone shares the old one
    if node.op_type == "Conv" and shape is not None:
        double.add(expand_conv(graph, node, tuple(shape.numpy())))
    else:
        double.update(node.outputs)


def _turn_in_double(graph: ir.Graph, node: ir.Node, index: int, turn: ir.Node, double: set[ir.Value]) -> ir.Value:
    """The Transpose of the doubles, for one operand; whoever else reads the floats keeps them."""
    old = turn.outputs[0]
    wide = Replacement(graph, node).copy(turn, turn.inputs)
    wide.name, wide.shape = f"{old.name}/hwflow_turned_{index}_{node.outputs[0].name}", old.shape
    made = wide.producer()
    assert made is not None
    if all(use.node is node for use in old.uses()) and not old.is_graph_output():
        old.replace_all_uses_with(wide)
        graph.remove(turn, safe=True)
        wide.name = old.name
    _widen(graph, made, double)
    return wide


def _limit_tokens(graph: ir.Graph, node: ir.Node, double: set[ir.Value]) -> None:
    """A token beyond a table names its last row, or its first, as in hardware; onnxruntime would stop."""
    table, tokens = node.inputs
    assert table is not None and tokens is not None
    if table in double or _is_double_constant(table):
        double.update(node.outputs)
        for output in node.outputs:
            output.type = ir.TensorType(ir.DataType.DOUBLE)  # a clone shares the old one
    if table.const_value is None or tokens.const_value is not None or tokens.dtype is None:
        return
    rows = len(table.const_value.numpy())
    limits = [constant(graph, np.asarray(n, tokens.dtype.numpy()), "row") for n in (-rows, rows - 1)]
    clip = ir.node("Clip", [tokens, *limits])
    clip.outputs[0].name = f"{node.outputs[0].name}/hwflow_rows"
    graph.insert_before(node, [clip])
    node.replace_input_with(1, clip.outputs[0])


def _narrow(graph: ir.Graph, node: ir.Node, double: set[ir.Value]) -> None:
    """Give a real function float inputs: onnxruntime has no other kernel of it."""
    for index, value in enumerate(node.inputs):
        if value is not None and value in double:
            cast = ir.node("Cast", [value], attributes={"to": int(ir.DataType.FLOAT)})
            cast.outputs[0].name = f"{value.name}/hwflow_float_{index}_{node.outputs[0].name}"
            graph.insert_before(node, [cast])
            node.replace_input_with(index, cast.outputs[0])


def _is_double_constant(value: ir.Value) -> bool:
    """A quantised constant of more than 24 bits."""
    return value.const_value is not None and value.const_value.dtype == ir.DataType.DOUBLE


def _is_float(value: ir.Value) -> bool:
    return value.dtype in (ir.DataType.FLOAT, None)
