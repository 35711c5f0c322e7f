"""Operator sets 9 to 12: each op in the form that it had then, against the independent executor of the file itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.model import import_model
from tests.support.exact import original
from tests.support.qonnx import ModelBuilder, weights

Build = Callable[[ModelBuilder, str], str]
FORMS: dict[str, tuple[int, Build]] = {
    "Slice by attributes": (9, lambda m, x: m.node("Slice", x, starts=[1], ends=[3], axes=[1])),
    "Slice without axes": (9, lambda m, x: m.node("Slice", x, starts=[0, 1], ends=[1, 3])),
    "Clip by attributes": (10, lambda m, x: m.node("Clip", x, min=-1.0, max=2.0)),
    "Clip from above": (10, lambda m, x: m.node("Clip", x, max=2.0)),
    "Clip without limits": (10, lambda m, x: m.node("Clip", x)),
    "Pad by attributes": (10, lambda m, x: m.node("Pad", x, pads=[0, 1, 0, 0, 0, 2])),
    "Squeeze": (12, lambda m, x: m.node("Squeeze", x, axes=[0])),
    "Unsqueeze": (12, lambda m, x: m.node("Unsqueeze", x, axes=[0])),
    "ReduceSum": (12, lambda m, x: m.node("ReduceSum", x, axes=[-1], keepdims=1)),
    "ReduceSum of everything": (12, lambda m, x: m.node("ReduceSum", x, keepdims=1)),
    "ReduceMean": (12, lambda m, x: m.node("ReduceMean", x, axes=[1], keepdims=0)),
    "Split": (12, lambda m, x: m.node("Add", *m.nodes_of("Split", 2, x, axis=1, split=[2, 2]))),
    "Dropout": (11, lambda m, x: m.node("Dropout", x, ratio=0.25)),
    "Gemm": (9, lambda m, x: m.node("Gemm", m.node("Flatten", x), m.weights(weights(16, 3)), m.weights(weights(3)))),
    "a wide tensor": (11, lambda m, x: m.node("MatMul", m.quant(x, 20, 10), m.weights(weights(4, 3), 14, 12))),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("opset", range(9, 13))
def test_an_op_in_its_old_form(tmp_path: Path, form: str, opset: int) -> None:
    newest, build = FORMS[form]
    if opset > newest:
        return
    m = ModelBuilder(opset)
    model = original(tmp_path, m, m.quant(build(m, m.quant(m.input(1, 4, 4), 8, 4)), 12, 3))
    (golden,) = onnx.load_from_string(model.golden).opset_import
    assert golden.version == 13


@pytest.mark.parametrize(("axis", "exact"), [(-1, True), (2, True), (1, False), (None, False)])
def test_softmax_worked_on_a_matrix(tmp_path: Path, axis: int | None, exact: bool) -> None:
    m = ModelBuilder(12)
    x = m.quant(m.input(1, 3, 4), 8, 4)
    y = m.node("Softmax", x, **({} if axis is None else {"axis": axis}))
    original_of = onnx.load_from_string(import_model(m.save(tmp_path, m.quant(y, 8, 7)), "near-exact").original or b"")
    ops = [node.op_type for node in original_of.graph.node]
    assert ("Flatten" not in ops) == exact
    found = next(node for node in original_of.graph.node if node.op_type == "Softmax")
    assert [(a.name, a.i) for a in found.attribute] == [("axis", -1)]


def test_an_older_operator_set_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder(8)
    with pytest.raises(UserError, match="operator set 8; expected 9 to"):
        import_model(m.save(tmp_path, m.quant(m.input(1, 4))))


@pytest.mark.parametrize("kind", ["value", "value_float", "value_floats"])
def test_parameters_of_quantisers_in_constant_nodes(tmp_path: Path, kind: str) -> None:
    m = ModelBuilder(13)

    def constant(value: float) -> str:
        given = {"value": onnx.numpy_helper.from_array(np.float32(value))} if kind == "value" else {
            kind: value if kind == "value_float" else [value]
        }  # fmt: skip
        return m.node("Constant", **given)  # type: ignore[arg-type]

    def quant(x: str) -> str:
        operands = constant(0.125), constant(0.0), constant(8.0)
        return m.node(
            "Quant", x, *operands, domain="qonnx.custom_op.general", signed=1, narrow=0, rounding_mode="ROUND"
        )

    y = m.node("MatMul", quant(m.input(1, 4)), quant(m.const(weights(4, 3))))
    original(tmp_path, m, quant(y))


def test_a_scale_that_is_computed_from_constants(tmp_path: Path) -> None:
    m = ModelBuilder()
    scale = m.node("Div", m.const(1.0), m.const(8.0))
    operands = scale, m.node("Sub", m.const(1.0), m.const(1.0)), m.node("Add", m.const(4.0), m.const(4.0))
    w = m.node("Quant", m.const(weights(4, 3)), *operands, domain="qonnx.custom_op.general")
    original(tmp_path, m, m.quant(m.node("MatMul", m.quant(m.input(1, 4)), w)))
