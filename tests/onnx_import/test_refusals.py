"""Models without an exact integer form: everything is named at once, with its position and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.model import Mode, import_model
from tests.support.qonnx import ModelBuilder, weights


def refusal(folder: Path, m: ModelBuilder, *outputs: str) -> str:
    """The text of the error that the import ends in."""
    with pytest.raises(UserError) as caught:
        import_model(m.save(folder, *outputs))
    assert caught.value.exit_code == 1 and caught.value.remedy
    return str(caught.value)


def quantised(m: ModelBuilder, *shape: int) -> str:
    return m.quant(m.input(*(shape or (1, 4))), 8, 4)


def test_every_unsupported_op_is_listed_at_once_with_position_and_advice(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m, 1, 2, 4)
    y = m.node("Softmax", x, axis=-1, label="attend")
    z = m.node("LayerNormalization", x, m.const(np.ones(4)), label="norm")
    w = m.node("Where", m.const([True], bool), x, m.node("Neg", x))
    c = m.node("CumSum", x, m.const(1, np.int64))
    text = refusal(tmp_path, m, *(m.quant(value) for value in (y, z, w, c)))
    near_exact = "use hwflow's table form of it, or import in near-exact mode"
    assert "model: found 4 nodes without an exact integer form:" in text
    assert f"\n  node 1 Softmax 'attend': not supported: {near_exact}\n" in text
    assert f"\n  node 2 LayerNormalization 'norm': not supported: {near_exact}\n" in text
    assert re.search(r"\n  node \d Where 'v\d+': not supported: its condition and one of its branches must be c", text)
    assert re.search(r"\n  node \d CumSum 'v\d+': not supported: rewrite it with supported ops\n", text)
    assert "expected a quantised model whose every value is an integer times a power of two. Change the nodes" in text


def test_what_stands_behind_a_refused_node_is_not_listed_again(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Softmax", quantised(m)), 8, 8)
    text = refusal(tmp_path, m, m.quant(m.node("MatMul", y, m.weights(weights(4, 4)))))
    assert "1 node without" in text


def test_a_foreign_domain_is_not_supported(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(m.node("Relu", quantised(m), domain="com.example")))
    assert "Relu" in text


def test_float_weights(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(m.node("MatMul", quantised(m), m.const(weights(4, 3)), label="fc")))
    assert re.search(r"node 1 MatMul 'fc': float weights \[4, 3\] that need \d+ bits; quantise them", text)


@pytest.mark.parametrize("turned", [False, True])
def test_weights_whose_quantiser_has_a_real_scale(tmp_path: Path, turned: bool) -> None:
    m = ModelBuilder()
    w = m.quant(m.const(weights(4, 4)), 4, scale=0.1, name="fc.weight")
    w = m.node("Transpose", w, perm=[1, 0]) if turned else w
    text = refusal(tmp_path, m, m.quant(m.node("MatMul", quantised(m), w, label="fc")))
    said = (
        "its constant is quantised by 'fc.weight', whose scale is not one power of two; train with power-of-two scales"
    )
    assert f"MatMul 'fc': {said} or use near-exact mode" in text


def test_a_bias_that_is_dequantised_with_a_real_scale(tmp_path: Path) -> None:
    m = ModelBuilder()
    bias = m.node("DequantizeLinear", m.const([3, -5, 7, 100], np.int8), m.const(0.3), name="bias")
    text = refusal(tmp_path, m, m.quant(m.node("Add", quantised(m), bias)))
    assert "its constant is quantised by 'bias', whose scale is not one power of two" in text


def test_a_float_bias(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(m.node("Add", quantised(m), m.const(weights(4)), label="bias")))
    assert "node 1 Add 'bias': its constant [4] lies on no fixed-point grid; quantise it" in text


def test_a_function_without_its_quantiser_in_front_of_a_product(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Sigmoid", quantised(m), name="gate")
    text = refusal(tmp_path, m, m.quant(m.node("MatMul", y, m.weights(weights(4, 3)), label="fc")))
    assert "MatMul 'fc': its input 'gate' is a real function without a quantiser; put a quantiser after it" in text


def test_a_function_of_two_tensors(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m)
    text = refusal(tmp_path, m, m.quant(m.node("Div", x, m.quant(x, 4, 2), label="ratio")))
    assert "Div 'ratio': it joins two tensors without an exact form; quantise its inputs first" in text


@pytest.mark.parametrize("scale", [0.3, [[1.0, 0.5, 1.0, 1.0]], 3.0])
def test_a_scale_that_is_not_one_power_of_two(tmp_path: Path, scale: object) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(quantised(m), 8, scale=scale, name="q"))
    assert re.search(r"node 1 Quant 'q': its scale is not one power of two; train with power-of-two scales", text)


@pytest.mark.parametrize("scale", [0.0, -0.5, float("nan"), float("inf")])
def test_a_scale_that_is_no_scale(tmp_path: Path, scale: float) -> None:
    m = ModelBuilder()
    assert "a scale that is not positive; expected a positive scale" in refusal(
        tmp_path, m, m.quant(quantised(m), scale=scale)
    )


def test_a_scale_that_is_larger_than_its_input(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(quantised(m), scale=np.full((3, 4), 0.5)))
    assert "its scale [3, 4] does not fit its input [1, 4]" in text


@pytest.mark.parametrize(
    ("bits", "said"),
    [(0, "0"), (0.5, "0.5"), (33, "33"), (1000, "1000"), (1e30, r"1e\+30"), (float("nan"), "nan"), (-8, "-8")],
)
def test_a_bit_width_out_of_range(tmp_path: Path, bits: float, said: str) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(quantised(m), bits, name="q"))
    assert re.search(rf"Quant 'q': found bit width {said}; expected one integer from 1 to 32. Set the bit width", text)


@pytest.mark.parametrize(
    ("point", "bits", "said"),
    [
        (200.0, 8, r"zero point 200; expected one in \[-128, 127\]"),
        (0.3, 8, "zero point 0.3; expected an integer, or a fraction of at most 8 bits"),
        ([1.0, 2.0, 3.0, 400.0], 8, r"zero point 1, 2, 3, 400; expected one in \[-128, 127\]"),
        (float("nan"), 8, "zero point nan"),
        (3.0, 1e9, "bit width 1e\\+09"),
        (3.0, float("inf"), "bit width inf"),
    ],
)
def test_a_zero_point_that_is_no_integer_of_the_range(tmp_path: Path, point: object, bits: float, said: str) -> None:
    m = ModelBuilder()
    assert re.search(said, refusal(tmp_path, m, m.quant(quantised(m), bits, zero_point=point)))


def test_an_unknown_rounding(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(quantised(m), rounding="DPU"))
    assert "rounding mode DPU; expected one of CEIL, DOWN, FLOOR, HALF_DOWN, HALF_EVEN, HALF_UP" in text


def test_an_input_with_a_zero_point_that_is_no_integer(tmp_path: Path) -> None:
    for point in (0.5, [[1.0, 2.0, 3.0, 4.0]]):
        m = ModelBuilder()
        text = refusal(tmp_path, m, m.quant(m.input(1, 4), zero_point=point))
        assert "input 'x' has a zero point that is not one integer; give the tensor one integer" in text


def test_an_input_that_is_quantised_in_two_ways(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.input(1, 4)
    text = refusal(tmp_path, m, m.node("Add", m.quant(x, 8, 4), m.quant(x, 8, 5, name="q")))
    assert (
        "node 1 Quant 'q': input 'x' is quantised in two ways, but one port carries one grid; quantise it once" in text
    )


def test_an_input_that_is_used_before_its_quantiser(tmp_path: Path) -> None:
    m = ModelBuilder()
    text = refusal(tmp_path, m, m.quant(m.node("Neg", m.input(1, 4), label="early")))
    assert "node 0 Neg 'early': it reads input 'x' before a quantiser; quantise the input first" in text


@pytest.mark.parametrize("op", ["Exp", "Identity"])
def test_an_output_that_is_a_function_needs_a_quantiser(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    y = m.node("Exp", quantised(m), name="y") if op == "Exp" else m.node("Transpose", m.input(1, 4), name="y")
    assert "output 'y': not quantised; put a quantiser in front of it" in refusal(tmp_path, m, y)


def test_a_scale_that_is_computed_from_the_input(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m)
    text = refusal(
        tmp_path,
        m,
        m.quant(x, name="q"),
        m.node(
            "Quant", x, m.node("ReduceMax", x), m.const(0.0), m.const(8.0), domain="qonnx.custom_op.general", name="r"
        ),
    )
    assert "Quant 'r'" in text and "a scale that is not a constant; expected a constant" in text


def test_a_pair_of_quantise_and_dequantise_that_disagree(tmp_path: Path) -> None:
    for scale, zero, said in ((0.5, 0, "another scale than its Deq"), (0.25, 3, "another zero point than its Deq")):
        m = ModelBuilder()
        y = m.node("QuantizeLinear", m.input(1, 4), m.const(0.25), m.const(0, np.int8))
        assert said in refusal(tmp_path, m, m.node("DequantizeLinear", y, m.const(scale), m.const(zero, np.int8)))


def test_a_clip_that_is_no_range_of_a_bit_width(tmp_path: Path) -> None:
    for clip, said in (((-5, 7), r"\[-5, 7\]"), ((0, 0), r"\[0, 0\]"), ((1, 3), r"\[1, 3\]")):
        m = ModelBuilder()
        text = refusal(tmp_path, m, m.qcdq(m.input(1, 4), np.int8, 4, clip))
        assert re.search(rf"the integer range {said}; expected the range of a bit width", text)


MALFORMED = {
    "a Gather beyond the axis": lambda m, x: m.node("Gather", x, m.const([9], np.int64), axis=1),
    "a Gather of nothing": lambda m, x: m.node("Gather", x, m.const(np.zeros(0), np.int64), axis=1),
    "a Gather of scattered elements of a function": lambda m, x: m.node(
        "Gather", m.node("Exp", x), m.const([0, 2], np.int64), axis=1
    ),
    "a Reshape to another size": lambda m, x: m.node("Reshape", x, m.ints(5)),
    "a Reshape to two unknown sizes": lambda m, x: m.node("Reshape", x, m.ints(-2, -2)),
    "a Transpose of axes that are not there": lambda m, x: m.node("Transpose", x, perm=[0, 7]),
    "a Split into too many": lambda m, x: m.nodes_of("Split", 2, x, m.ints(3, 9), axis=1)[0],
    "a backward Slice": lambda m, x: m.node("Slice", x, m.ints(3), m.ints(0), m.ints(1), m.ints(-1)),
    "a reduction of an axis that is not there": lambda m, x: m.node("ReduceSum", x, m.ints(5)),
    "a mean of an axis that is not there": lambda m, x: m.node("ReduceMean", x, axes=[5]),
    "a product of shapes that do not fit": lambda m, x: m.node("MatMul", x, m.weights(weights(3, 3))),
    "a sum of shapes that do not fit": lambda m, x: m.node("Add", x, m.weights(weights(3))),
    "an Add of one operand": lambda m, x: m.node("Add", x),
    "a Relu of nothing": lambda m, x: m.node("Relu"),
    "a Gemm of one operand": lambda m, x: m.node("Gemm", x),
    "a Concat along an axis that is not there": lambda m, x: m.node("Concat", x, x, axis=4),
    "a Clip by what is no number": lambda m, x: m.node("Clip", x, m.const(np.nan)),
    "a Clip by several numbers": lambda m, x: m.node("Clip", x, m.const([0.0, 1.0, 2.0, 3.0])),
    "a Clip by a computed limit": lambda m, x: m.node("Clip", x, m.node("ReduceMax", x, keepdims=0)),
    "a function clipped by a computed limit": lambda m, x: m.node(
        "Clip", m.node("Exp", x), m.node("ReduceMax", x, keepdims=0)
    ),
    "an Add of integers to reals": lambda m, x: m.node("Add", x, m.ints(1, 2, 3, 4)),
    "a Reshape to a real shape": lambda m, x: m.node("Reshape", x, m.const([2.0, 2.0])),
    "a Reshape to a matrix": lambda m, x: m.node("Reshape", x, m.const([[2, 2]], np.int64)),
    "a Reshape to a computed shape": lambda m, x: m.node("Reshape", x, m.node("Cast", m.node("Relu", x), to=7)),
    "an Unsqueeze of one axis twice": lambda m, x: m.node("Unsqueeze", x, m.ints(0, 0)),
    "a function that is not a number": lambda m, x: m.node("Log", x),
    "a Quant of one operand": lambda m, x: m.node("Quant", x, domain="qonnx.custom_op.general"),
    "an attribute of another type": lambda m, x: m.node("Concat", x, x, axis="one"),
    "a Quant with another attribute": lambda m, x: m.node(
        "Quant", x, m.const(1.0), m.const(0.0), m.const(8.0), domain="qonnx.custom_op.general", signed="yes"
    ),
    "a DequantizeLinear of nothing": lambda m, x: m.node("DequantizeLinear"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_node_that_makes_no_sense_is_a_user_error(tmp_path: Path, name: str) -> None:
    m = ModelBuilder()
    y = MALFORMED[name](m, quantised(m))
    refusal(tmp_path, m, m.quant(y))


def test_a_node_that_a_rewrite_made_is_named_by_the_node_of_the_file(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = quantised(m, 1, 2, 4, 4)
    kernel, bias = m.weights(weights(3, 2, 1, 1)), m.const(weights(3))
    text = refusal(tmp_path, m, m.quant(m.node("Conv", x, kernel, bias, label="features.0")))
    assert re.search(r"node \d Conv 'features.0' \(its Add\): its constant \[1, 3, 1, 1\] lies on no fixed-point", text)


@pytest.mark.parametrize("mode", ["exact", "near-exact"])
@pytest.mark.parametrize("pool", ["GlobalMaxPool", "GlobalAveragePool"])
def test_norms_of_groups_are_refused_by_a_reason_that_holds_in_the_mode(tmp_path: Path, mode: Mode, pool: str) -> None:
    """And what stands behind them is not: it is refused for nothing but their shape."""
    m = ModelBuilder(21)
    y = quantised(m, 1, 8, 4, 4)
    y = m.node("GroupNormalization", y, m.const(np.ones(8)), m.const(np.zeros(8)), num_groups=2, label="norm")
    with pytest.raises(UserError, match="found 1 node without") as caught:
        import_model(m.save(tmp_path, m.quant(m.node(pool, m.node("Relu", y)))), mode)
    assert "GroupNormalization 'norm': not supported: no mode normalises groups of channels" in str(caught.value)
