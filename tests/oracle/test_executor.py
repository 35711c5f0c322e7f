"""Types, order, refusals; and ops with parameters against onnxruntime on integers, where every runtime is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from hwflow.errors import UserError
from hwflow.limits import Limits
from hwflow.oracle import Oracle, Undefined, edge_inputs, run
from tests.support.qonnx import ModelBuilder, weights


def onnxruntime(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    del plain.opset_import[1:]  # QONNX's, which onnxruntime does not know
    session = ort.InferenceSession(plain.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def whole(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(np.float32)


def test_what_is_wide_stays_in_double_also_where_it_is_moved() -> None:
    m = ModelBuilder()
    product = m.node("Mul", m.input(1, 2), m.const([2.0**20 + 1, 3.0]), name="product")
    moved = m.node("Reshape", product, m.ints(2, 1), name="moved")
    y = m.node("Add", moved, m.const(0.0), name="y")
    x = np.array([[[2.0**10 + 1, 1.0]]], np.float32)
    exact, narrow = (2.0**20 + 1) * (2.0**10 + 1), np.float32((2.0**20 + 1) * (2.0**10 + 1))
    assert exact != float(narrow)
    wide = run(m.proto(y), {"x": x}, wide={"product"}, tensors=["product", "moved"])
    assert [wide[name].ravel()[0] for name in ("product", "moved", "y")] == [exact, exact, narrow]
    assert run(m.proto(y), {"x": x}, tensors=["product"])["product"].dtype == np.float32


def test_a_cast_to_the_type_that_the_file_gives_already_is_exact() -> None:
    m = ModelBuilder()
    wide = m.quant(m.input(1, 2), bits=32, frac=8, name="wide")
    renamed = m.node("Cast", wide, to=TensorProto.FLOAT, name="renamed")
    m.node("Add", renamed, m.const(0.0), name="sum")
    double = m.node("Cast", renamed, to=TensorProto.DOUBLE, name="double")
    m.node("Cast", double, to=TensorProto.FLOAT, name="single")
    limit, names = 2.0**23 - 2.0**-8, ["wide", "renamed", "double", "sum", "single"]
    found = run(m.proto("sum"), {"x": np.full((1, 1, 2), 1e9, np.float32)}, wide={"wide"}, tensors=names)
    assert [found[name].ravel()[0] for name in names] == [limit] * 3 + [float(np.float32(limit))] * 2
    assert [found[name].dtype for name in ("sum", "single")] == [np.float32] * 2


def test_what_is_wide_was_so_under_its_earlier_names() -> None:
    m = ModelBuilder()
    first = m.quant(m.input(1, 2), bits=32, frac=8, name="first")
    second = m.node("Cast", m.node("Dropout", first, name="second"), to=TensorProto.FLOAT, name="third")
    y = m.node("Identity", second, name="y")
    found = run(m.proto(y), {"x": np.full((1, 1, 2), 1e9, np.float32)}, wide={"y"}, tensors=["first", "second"])
    assert {array.ravel()[0] for array in found.values()} == {2.0**23 - 2.0**-8}


def test_integers_stay_integers_and_doubles_doubles() -> None:
    m = ModelBuilder()
    tokens = m.node("Cast", m.input(1, 3), to=TensorProto.INT64, name="tokens")
    double = m.node("Cast", m.node("Add", tokens, tokens, name="sum"), to=TensorProto.DOUBLE, name="double")
    y = m.node("Exp", double, name="y")
    found = run(m.proto(y), {"x": np.ones((1, 1, 3), np.float32)}, tensors=["tokens", "sum", "double"])
    assert [found[name].dtype for name in ("tokens", "sum", "double", "y")] == [np.int64] * 2 + [np.float64] * 2
    assert found["y"][0, 0, 0] == np.exp(2.0)


def test_functions_are_correctly_rounded() -> None:
    m = ModelBuilder()
    y = m.node("Exp", m.input(1, 64))
    x = np.linspace(-5, 5, 64, dtype=np.float32)[None, None]
    np.testing.assert_array_equal(run(m.proto(y), {"x": x})[y], np.exp(x.astype(np.float64)).astype(np.float32))


def test_nodes_may_come_in_any_order_and_what_nothing_reads_is_not_run() -> None:
    m = ModelBuilder()
    y = m.node("Neg", m.node("Abs", m.input(1, 4)))
    m.node("ConstantOfShape", m.ints(1 << 40), name="dead")
    m.nodes.reverse()
    np.testing.assert_array_equal(run(m.proto(y), {"x": whole(2, 1, 4)})[y], -np.abs(whole(2, 1, 4)))


@pytest.mark.parametrize(("opset", "axis"), [(11, None), (12, None), (12, 2), (13, None), (21, 1)])
def test_softmax_of_every_operator_set(opset: int, axis: int | None) -> None:
    m = ModelBuilder(opset)
    y = m.node("Softmax", m.input(2, 3, 4), **({} if axis is None else {"axis": axis}))
    x = whole(2, 3, 4) / 4
    np.testing.assert_allclose(run(m.proto(y), {"x": x[None]})[y][0], onnxruntime(m.proto(y), x), rtol=1e-6)


@pytest.mark.parametrize("opset", [9, 11, 13, 18, 21])
def test_operators_that_changed_their_form(opset: int) -> None:
    """Axes, limits and pads were attributes once."""
    m = ModelBuilder(opset)
    attributes = opset < 13
    x = m.input(1, 3, 4)
    clipped = m.node("Clip", x, min=-4.0, max=5.0) if opset < 11 else m.node("Clip", x, m.const(-4.0), m.const(5.0))
    padded = (
        m.node("Pad", clipped, pads=[0, 1, 0, 0, 0, 2])
        if opset < 11
        else m.node("Pad", clipped, m.ints(0, 1, 0, 0, 0, 2))
    )
    total = (
        m.node("ReduceSum", padded, axes=[-1], keepdims=0)
        if attributes
        else m.node("ReduceSum", padded, m.ints(-1), keepdims=0)
    )
    most = m.node("ReduceMax", total, axes=[1]) if opset < 18 else m.node("ReduceMax", total, m.ints(1))
    y = m.node("Unsqueeze", most, axes=[0]) if attributes else m.node("Unsqueeze", most, m.ints(0))
    np.testing.assert_array_equal(
        run(m.proto(y), {"x": whole(1, 1, 3, 4)})[y][0], onnxruntime(m.proto(y), whole(1, 3, 4))
    )


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=40)
@given(PAIRS, PAIRS, PAIRS, st.tuples(*[st.integers(0, 2)] * 4), st.sampled_from([1, 2, 4]), st.booleans())
def test_convolutions(
    kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int], pads: tuple[int, ...],
    group: int, bias: bool,
) -> None:  # fmt: skip
    m = ModelBuilder()
    operands = [m.input(1, 4, 9, 8), m.const(whole(8, 4 // group, *kernel, seed=1))]
    operands += [m.const(whole(8, seed=2))] if bias else []
    y = m.node("Conv", *operands, strides=strides, dilations=dilations, pads=pads, group=group)
    x = whole(1, 4, 9, 8)
    np.testing.assert_array_equal(run(m.proto(y), {"x": x[None]})[y][0], onnxruntime(m.proto(y), x))


@settings(max_examples=40)
@given(
    st.sampled_from(["MaxPool", "AveragePool"]), PAIRS, PAIRS, st.tuples(*[st.integers(0, 1)] * 4),
    st.booleans(), st.booleans(), st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
)  # fmt: skip
def test_pools(
    op: str,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    pads: tuple[int, ...],
    ceil: bool,
    counted: bool,
    auto: str,
) -> None:
    pads = tuple(min(p, k - 1) for p, k in zip(pads, kernel * 2, strict=True))
    m = ModelBuilder(19)
    attributes: dict[str, object] = {"pads": pads, "ceil_mode": int(ceil)} if auto == "NOTSET" else {"auto_pad": auto}
    attributes |= {"count_include_pad": int(counted)} if op == "AveragePool" else {}
    y = m.node(op, m.input(1, 2, 7, 8), kernel_shape=kernel, strides=strides, **attributes)  # type: ignore[arg-type]
    x = whole(1, 2, 7, 8)
    np.testing.assert_allclose(run(m.proto(y), {"x": x[None]})[y][0], onnxruntime(m.proto(y), x), rtol=1e-6)


@given(st.sampled_from([np.int8, np.uint8, np.int16, np.uint16]), st.integers(0, 120), st.booleans())
def test_linear_quantisation_rounds_before_the_zero_point(dtype: type, point: int, by_channel: bool) -> None:
    m = ModelBuilder(21)
    scale = m.const([0.5, 0.1, 4.0] if by_channel else 0.25)
    zero = m.const([point, 0, 1] if by_channel else point, dtype)
    q = m.node("QuantizeLinear", m.input(2, 3, 16), scale, zero)
    y = m.node("DequantizeLinear", q, scale, zero)
    rng = np.random.default_rng(point)
    x = np.concatenate([rng.integers(-600, 600, (2, 3, 15)) / 8, rng.choice([-1e12, 1e12], (2, 3, 1))], -1)
    x = x.astype(np.float32)
    np.testing.assert_array_equal(run(m.proto(y), {"x": x[None]})[y][0], onnxruntime(m.proto(y), x))


def test_a_token_without_a_row_has_no_meaning() -> None:
    m = ModelBuilder()
    y = m.node("Gather", m.const(weights(5, 2)), m.input(1, 3, type=TensorProto.INT64))
    oracle = Oracle(m.proto(y))
    np.testing.assert_array_equal(oracle.run({"x": np.array([0, -1, -5])})[y][0], weights(5, 2)[[0, 4, 0]])
    with pytest.raises(Undefined, match="Gather"):
        oracle.run({"x": np.array([0, 5, 1])})


def test_what_cannot_be_run_is_refused_by_name(tmp_path: Path) -> None:
    m = ModelBuilder()
    with pytest.raises(UserError, match="Nonesuch"):
        Oracle(m.proto(m.node("Nonesuch", m.input(1, 3))))
    m = ModelBuilder()
    y = m.node("Expand", m.input(1, 3), m.ints(1 << 20, 1 << 20, 3), label="big")
    with pytest.raises(UserError, match=r"node 'big' \(Expand\): found 3\.3e\+12 elements"):
        run(m.proto(y), {"x": whole(1, 1, 3)})
    m = ModelBuilder()
    y = m.node("MatMul", m.input(1, 3), m.const(weights(4, 4)), label="mismatch")
    with pytest.raises(UserError, match="node 'mismatch'"):
        run(m.proto(y), {"x": whole(1, 1, 3)})
    with pytest.raises(UserError, match="no readable ONNX"):
        Oracle(tmp_path / "none.onnx")
    m = ModelBuilder()
    y = m.node("Neg", m.input(1, 3))
    with pytest.raises(UserError, match="over -1 s of computing"):
        Oracle(m.proto(y), limits=Limits(run_seconds=-1.0)).run({"x": whole(1, 3)})


def test_an_axis_with_a_name_is_a_batch_of_one() -> None:
    m = ModelBuilder()
    y = m.quant(m.input("batch", 4), 8, 4)
    assert run(m.proto(y), {"x": whole(3, 4)})[y].shape == (3, 1, 4)
    assert edge_inputs(Oracle(m.proto(y)), 4)["x"].shape == (4, 1, 4)


def test_only_what_broadcasts_grows_by_broadcasting() -> None:
    m = ModelBuilder()
    y = m.node("Conv", m.input(1, 512, 12, 12), m.const(np.ones((640, 512, 1, 1)) / 512))
    np.testing.assert_array_equal(run(m.proto(y), {"x": np.ones((1, 1, 512, 12, 12))})[y], np.ones((1, 1, 640, 12, 12)))
    m = ModelBuilder()
    y = m.node("Add", m.input(1, 1 << 14), m.const(np.zeros((1 << 14, 1))), label="outer")
    with pytest.raises(UserError, match=r"node 'outer' \(Add\): found 2\.68e\+08 elements"):
        run(m.proto(y), {"x": np.zeros((1, 1, 1 << 14))})


def test_control_flow_is_refused() -> None:
    branch = helper.make_graph([], "b", [], [])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    m = ModelBuilder()
    m.input(1)
    m.nodes.append(node)
    with pytest.raises(UserError, match="If with a graph inside"):
        Oracle(m.proto("y"))


def test_edges_are_ties_their_neighbours_ends_and_steps() -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Reshape", m.input(1, 4, 8), m.ints(1, 32)), 6, 3, zero_point=5.0)
    x = edge_inputs(Oracle(m.proto(y)), 40)["x"].astype(np.float64) * 8
    ties, beside, ends, steps = (x[n::4] for n in range(4))
    assert x.shape == (40, 1, 4, 8)
    assert np.all(ties % 1 == 0.5) and np.all(steps % 1 == 0)
    assert np.any((beside % 1 != 0.5) & (np.abs(beside % 1 - 0.5) < 1e-4))
    assert ends.min() < -32 - 5 - 1000 and ends.max() > 31 - 5 + 1000
    assert ties.min() >= -32 - 5 - 2 and ties.max() <= 31 - 5 + 3


def test_tokens_name_rows_from_either_end() -> None:
    m = ModelBuilder()
    y = m.node("Gather", m.const(weights(5, 2)), m.input(1, 3, type=TensorProto.INT64))
    tokens = edge_inputs(Oracle(m.proto(y)), 64)["x"]
    assert tokens.dtype == np.int64 and set(tokens.ravel().tolist()) == set(range(-5, 5))
